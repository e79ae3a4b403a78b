import { expect, test } from "vitest";
import { fuzzParser } from "../../../scripts/link/fuzz-parser.ts";
import { runHostileMqtt } from "../../../scripts/link/hostile-mqtt-run.ts";
import type { HostileResult } from "../../../scripts/link/hostile-result.ts";
import { runHostile } from "../../../scripts/link/hostile-run.ts";
import { hostileScenarios } from "../../../scripts/link/hostile-scenarios.ts";

/** Simulated seconds of each scenario; `npm run test:link` runs them for as long as one likes. */
const seconds = 45;

function expectUnharmed(result: HostileResult): void {
  expect(result).toMatchObject({ wrongValues: 0, wrongConfigurations: 0 });
  expect(result.deliveredSamples).toBeGreaterThan(0.3 * result.sentSamples);
  expect(result.longestStallMs).toBeLessThanOrEqual(result.stallBoundMs);
}

test.each(hostileScenarios.map((scenario) => [scenario.name, scenario] as const))(
  "%s: nothing arrives that was not sent, and the link comes back within its bound",
  (_name, scenario) => {
    const result = runHostile(scenario, 7, seconds);
    expectUnharmed(result);
    // What is said to be cut is cut.
    if (scenario.name.includes("mid-frame")) expect(result.badFrames).toBeGreaterThan(0);
  },
);

test("MQTT that loses, doubles and reorders: each packet arrives once, in order, as it was sent, or not at all", async () => {
  const result = await runHostileMqtt(7, seconds);
  expectUnharmed(result);
  expect(result.deliveredSamples).toBeLessThan(result.sentSamples);
});

test("no damaged stream gives a frame that was not sent", () => {
  const { frames, wrongFrames } = fuzzParser(3, 300);
  expect(frames).toBeGreaterThan(100);
  expect(wrongFrames).toBe(0);
});
