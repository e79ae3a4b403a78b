import { expect, test } from "vitest";
import { withBundle } from "../../../../src/cli/score/files/open-bundle.ts";
import { planReplay } from "../../../../src/cli/score/replay/plan-replay.ts";
import { replayRecordings } from "../../../../src/cli/score/replay/replay-recordings.ts";
import { createReplayedGateway } from "../../../../src/cli/score/replay/replayed-gateway.ts";
import { createDescriber, type SidecarFlags } from "../../../../src/cli/score/sidecar/sidecar-options.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { shippedBundle } from "../recordings.ts";
import { lifeFromMs, nameByTime, writeRecording } from "./invented-life.ts";

const rateHz = 12_000;
const bearing = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };
/** A wheel of 61 teeth drives a pinion of 17. */
const pinion = 61 / 17;

/** Recordings of noise that swells `swells` times a turn, each with one harmonic and so strong. */
function record(
  swells: readonly (readonly [order: number, depth: number])[],
  { laterMs = 0, ...machine }: { laterMs?: number; turbine?: string; point?: string } = {},
): string[] {
  const random = createRandom(11);
  const folder = createTemporaryFolder();
  return Array.from({ length: 10 }, (_, index) => {
    const shaftRpm = 1500 + random.normal();
    const timeMs = lifeFromMs + laterMs + index * 600_000;
    const swell = (turns: number): number =>
      swells.reduce(
        (sum, [order, depth]) =>
          sum + depth * (Math.cos(2 * Math.PI * order * turns) + 0.5 * Math.cos(4 * Math.PI * order * turns)),
        1,
      );
    const counts = Int16Array.from({ length: 3 * rateHz }, (_, at) =>
      Math.round(300 * random.normal() * swell((at * shaftRpm) / (60 * rateHz))),
    );
    const recording = { timeMs, counts, rateHz, shaftRpm, scale: 0.0005, bearing };
    return writeRecording(folder, nameByTime(timeMs), recording, machine);
  });
}

async function play(input: readonly string[], flags: SidecarFlags) {
  const describer = await createDescriber(flags);
  const plan = await planReplay({ input, manifest: null, points: [], course: null, describer });
  const { points } = await withBundle(shippedBundle, (bundle) =>
    replayRecordings(bundle, {
      plan,
      gateway: createReplayedGateway(),
      addRows: () => Promise.resolve(),
      progress: () => {},
    }),
  );
  return points;
}

async function playModes(input: readonly string[], flags: SidecarFlags) {
  return (await play(input, flags)).map(({ alarms, foreignModes }) => [
    alarms.map(({ failureMode }) => failureMode),
    foreignModes,
  ]);
}

test("a knocking pinion is taken for the fault whose order it is near, unless the point says what is geared to its shaft", async () => {
  const healthy = record([[pinion, 0.25]]);
  expect(await playModes(healthy, {})).toEqual([[["outer-race"], []]]);
  expect(await playModes(healthy, { gearedShafts: [pinion] })).toEqual([[[], ["outer-race"]]]);
  // Another shaft's lines are elsewhere.
  expect(await playModes(healthy, { gearedShafts: [4.2] })).toEqual([[["outer-race"], []]]);
});

test("a fault of another kind is raised beside a knocking pinion that is told of", async () => {
  const faulty = record([
    [pinion, 0.1],
    [bearing.bpfi * 1.002, 0.25],
  ]);
  expect(await playModes(faulty, { gearedShafts: [pinion] })).toEqual([[["inner-race"], []]]);
});

test("an alarm names an older one at a like bearing of its own turbine, and none of another turbine", async () => {
  const faulty = [[bearing.bpfi * 1.002, 0.25]] as const;
  const playBeside = async (turbine: string) => {
    const first = record(faulty, { turbine: "WT01", point: "drive-end" });
    const second = record(faulty, { turbine, point: "rear", laterMs: 1_800_000 });
    const points = await play([...first, ...second], {});
    return points.map(({ alarms }) =>
      alarms.map(({ evidence }) => evidence?.against.find((each) => each.includes("has had this alarm"))),
    );
  };
  expect(await playBeside("WT01")).toEqual([
    [undefined],
    [expect.stringContaining("drive-end, whose bearing is the same, has had this alarm since")],
  ]);
  expect(await playBeside("WT02")).toEqual([[undefined], [undefined]]);
});
