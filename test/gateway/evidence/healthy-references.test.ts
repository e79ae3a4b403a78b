import { expect, it } from "vitest";
import type { Decision } from "../../../src/core/contract/prediction.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import type { Recording } from "../../../src/gateway/devices/recording.ts";
import { createHealthyReferences } from "../../../src/gateway/evidence/healthy-references.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;
const model = { name: "bearing-vibration", version: "1.0.0", digest: "ab".repeat(32) };
const points = ["wt-1", "wt-2"].map((turbine) => ({ turbine, component: "generator-bearing" }));

/** What of a decision is looked at. */
function decisionOf(index: number, changes: Partial<Decision> = {}): Decision {
  const mode = { failureMode: "outer-race", active: false };
  const said = {
    point: points[index],
    operatingState: "full-performance",
    isLearning: false,
    modes: [mode],
    model,
  };
  return { ...said, ...changes } as unknown as Decision;
}

function createPlace() {
  const clock = createManualClock();
  const kept = new Map<string, string>();
  const state = {
    get: (key: string) => kept.get(key) ?? null,
    set: (key: string, text: string) => kept.set(key, text).size > 0,
  };
  const taken: string[] = [];
  const alarms = new Set<string>();
  let onRecord = async (): Promise<void> => undefined;
  const start = () =>
    createHealthyReferences({
      points,
      record: async () => {
        await onRecord();
        return {} as Recording;
      },
      isQuiet: ({ turbine }) => !alarms.has(turbine),
      state,
      clock,
      logger: silentLogger,
      onRecording: async (_, { turbine }) => taken.push(turbine) > 0,
    });
  /** Lets so many minutes pass in which every point decides each minute. */
  const pass = async (
    references: ReturnType<typeof start>,
    minutes: number,
    changes: Partial<Decision> = {},
  ) => {
    for (let minute = 0; minute < minutes; minute++) {
      for (const index of points.keys()) references.decision(decisionOf(index, changes));
      clock.advance(minuteMs);
      references.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    clock,
    taken,
    alarms,
    start,
    pass,
    recordWith: (work: () => Promise<void>) => {
      onRecord = work;
    },
  };
}

it("takes one of each machine a month, over restarts, after it has been healthy for a while", async () => {
  const { clock, taken, start, pass } = createPlace();
  let references = start();
  await pass(references, 9);
  expect(taken).toEqual([]);
  await pass(references, 60);
  expect(taken).toEqual(["wt-1", "wt-2"]);
  references = start();
  await pass(references, 120);
  expect(taken.length).toBe(2);
  clock.advance(30 * dayMs);
  await pass(references, 60);
  expect(taken).toEqual(["wt-1", "wt-2", "wt-1", "wt-2"]);
});

it.each<readonly [string, Partial<Decision>]>([
  ["stands still", { operatingState: "standby" }],
  ["learns its own reference", { isLearning: true }],
  [
    "has a failure mode",
    { modes: [{ failureMode: "outer-race", active: true }] } as unknown as Partial<Decision>,
  ],
])("takes none of a machine that %s", async (_, changes) => {
  const { taken, start, pass } = createPlace();
  await pass(start(), 120, changes);
  expect(taken).toEqual([]);
});

it("takes none of a machine with an alarm, nor keeps one during which it was raised, and tries again an hour later", async () => {
  const { taken, alarms, start, pass, recordWith } = createPlace();
  const references = start();
  alarms.add("wt-2");
  recordWith(async () => void alarms.add("wt-1"));
  await pass(references, 30);
  expect(taken).toEqual([]);
  alarms.clear();
  recordWith(async () => undefined);
  await pass(references, 20);
  expect(taken).toEqual(["wt-2"]);
  await pass(references, 45);
  expect(taken).toEqual(["wt-2", "wt-1"]);
});
