import { expect, test } from "vitest";
import { evidenceAboutSchema } from "../../src/core/contract/evidence.ts";
import { bearingLevelSpec } from "../../src/core/features/bearing-level-spec.ts";
import { dayMs, hourMs } from "../../src/core/maths/durations.ts";
import { type Clock, systemClock } from "../../src/core/platform/clock.ts";
import { createInstallation, names, startDevice } from "../gateway/installation.ts";
import { createTurbine } from "../gateway/turbines.ts";
import { until } from "../support/until.ts";

const baseline = {
  levels: bearingLevelSpec,
  reference: bearingLevelSpec.list.map(() => ({ locationDb: -20, scaleDb: 3 })),
  minWindows: 32,
};
/** Half a minute of the turbine's time. */
const commissioning = { minWindows: 32, minHours: 0.008 };
/** A gateway's clock that can be turned forward, and its calendar with it. */
function createTurnedClock(): Clock & { turn(ms: number): void } {
  let turnedMs = 0;
  return {
    monotonicMs: () => systemClock.monotonicMs() + turnedMs,
    nowMs: () => systemClock.nowMs() + turnedMs,
    turn: (ms) => {
      turnedMs += ms;
    },
  };
}

test("a gateway that runs sends a healthy reference of its point once a month", async () => {
  const installation = await createInstallation();
  await installation.putBundle({ version: "1.1.0", baseline });
  const collector = await installation.startCollector();
  const { bearing, source } = createTurbine(41, null);
  const device = await startDevice("WT01", source, 20);
  const clock = createTurnedClock();
  const gateway = await installation.startGateway(
    [{ id: "WT01", bearing, connect: device.address }],
    { commissioning, evidence: { allow: ["reference"], referenceSeconds: 2 } },
    clock,
  );
  const list = async () => (await collector.record.evidence({ limit: 9, offset: 0 })).items;
  const read = async () => {
    const { evidence, windows } = await gateway.status();
    return { kept: Number(evidence.kept), windows: windows.processed };
  };
  /** Runs so many hours, each of a second and a half so that the gateway looks in each, or until so many references were kept; says how many were. */
  const live = async (enough: number, hours: number): Promise<number> => {
    for (let hour = 0; hour < hours; hour++) {
      const before = await read();
      if (before.kept >= enough) break;
      clock.turn(hourMs);
      await until(async () => (await read()).windows >= before.windows + 30, "windows", 60_000);
    }
    return (await read()).kept;
  };

  await until(async () => (await read()).windows > 60, "what it learns of", 60_000);
  expect(await live(1, 24)).toBe(1);
  await until(async () => (await list()).length === 1, "the first reference", 60_000);
  const [first] = await list();
  expect(first).toMatchObject({
    kind: "reference",
    gateway: names.gateway,
    turbine: "WT01",
    component: names.component,
    alert: null,
    request: null,
    model: { version: "1.1.0" },
    said: { verdict: "healthy", failureModes: [], probability: null },
  });
  expect(first!.samples).toBeGreaterThan(20_000);
  const json = await (await fetch(`${collector.url}/api/v1/evidence/${first!.id}.json`)).json();
  expect(evidenceAboutSchema().parse(json)).toMatchObject({ bearing, evidence: { kind: "reference" } });

  // Not before its month is over, although it runs and nothing is raised.
  clock.turn(21 * dayMs);
  expect(await live(2, 4)).toBe(1);
  expect(await list()).toHaveLength(1);

  clock.turn(10 * dayMs);
  expect(await live(2, 24)).toBe(2);
  await until(async () => (await list()).length === 2, "the next month's reference", 60_000);
  const [second] = await list();
  expect(second).toMatchObject({ kind: "reference", turbine: "WT01" });
  expect(second!.id).not.toBe(first!.id);
}, 240_000);
