/**
 * The device link under attack, for as long as one likes: `npm run test:link -- [--minutes N] [--json]`. Runs every
 * hostile scenario over and over with new seeds, then feeds the parser damaged streams. Ends with the counts; fails when
 * a value arrived that was not sent, a stall was longer than its bound, or anything threw.
 */
import { type FuzzResult, fuzzParser } from "./link/fuzz-parser.ts";
import { runHostileMqtt } from "./link/hostile-mqtt-run.ts";
import type { HostileResult } from "./link/hostile-result.ts";
import { runHostile } from "./link/hostile-run.ts";
import { hostileScenarios } from "./link/hostile-scenarios.ts";
import { readOptions, readPositiveNumber, refuseWrong } from "./suite-options.ts";

const { values } = readOptions({
  command: "npm run test:link",
  does: "The device link under attack, for as long as one likes.",
  options: {
    minutes: { type: "string", default: "1", value: "N", means: "how long (1)" },
    json: { type: "boolean", default: false, means: "one line of JSON" },
  },
});
const seconds = 300;
const minutes = refuseWrong(() => readPositiveNumber("minutes", values.minutes));
const endMs = performance.now() + minutes * 60_000;
const totals = new Map<string, HostileResult>();
const crashes: string[] = [];

for (let seed = 1; seed === 1 || performance.now() < endMs * 0.8; seed++) {
  for (const run of [
    ...hostileScenarios.map((scenario) => async () => runHostile(scenario, seed, seconds)),
    () => runHostileMqtt(seed, seconds),
  ]) {
    try {
      const result = await run();
      totals.set(result.scenario, add(totals.get(result.scenario), result));
    } catch (error) {
      crashes.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
}
let fuzz: FuzzResult = { cases: 0, bytes: 0, frames: 0, wrongFrames: 0 };
for (let seed = 1; seed === 1 || performance.now() < endMs; seed++) {
  try {
    const result = fuzzParser(seed, 2_000);
    fuzz = {
      cases: fuzz.cases + result.cases,
      bytes: fuzz.bytes + result.bytes,
      frames: fuzz.frames + result.frames,
      wrongFrames: fuzz.wrongFrames + result.wrongFrames,
    };
  } catch (error) {
    crashes.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

const scenarios = [...totals.values()];
const wrongValues = scenarios.reduce((sum, each) => sum + each.wrongValues + each.wrongConfigurations, 0);
const longStalls = scenarios.filter((each) => each.longestStallMs > each.stallBoundMs).length;
const mute = scenarios.filter((each) => each.deliveredSamples === 0).length;
const violations = wrongValues + fuzz.wrongFrames + longStalls + mute + crashes.length;
if (values.json) {
  process.stdout.write(`${JSON.stringify({ scenarios, fuzz, crashes, violations })}\n`);
} else {
  for (const each of scenarios) process.stdout.write(`${render(each)}\n`);
  const { cases, bytes, wrongFrames } = fuzz;
  process.stdout.write(`parser: ${cases} damaged streams, ${bytes} bytes, ${wrongFrames} wrong frames\n`);
  for (const crash of crashes) process.stdout.write(`crash: ${crash}\n`);
  process.stdout.write(`${violations} violations\n`);
}
process.exitCode = violations === 0 ? 0 : 1;

function add(before: HostileResult | undefined, next: HostileResult): HostileResult {
  if (before === undefined) return next;
  return {
    scenario: next.scenario,
    seconds: before.seconds + next.seconds,
    sentSamples: before.sentSamples + next.sentSamples,
    deliveredSamples: before.deliveredSamples + next.deliveredSamples,
    wrongValues: before.wrongValues + next.wrongValues,
    wrongConfigurations: before.wrongConfigurations + next.wrongConfigurations,
    badFrames: before.badFrames + next.badFrames,
    discardedBytes: before.discardedBytes + next.discardedBytes,
    refusedFrames: before.refusedFrames + next.refusedFrames,
    sessions: before.sessions + next.sessions,
    longestStallMs: Math.max(before.longestStallMs, next.longestStallMs),
    stallBoundMs: next.stallBoundMs,
  };
}

function render(each: HostileResult): string {
  const share = ((100 * each.deliveredSamples) / each.sentSamples).toFixed(1);
  return `${each.scenario}: ${each.seconds} s, ${each.deliveredSamples} of ${each.sentSamples} samples (${share} %), ${each.wrongValues} wrong, ${each.badFrames} bad frames, ${each.sessions} sessions, longest stall ${each.longestStallMs} of ${each.stallBoundMs} ms`;
}
