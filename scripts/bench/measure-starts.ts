/** The time from the start of the packaged gateway's process to its first prediction, for both profiles, against its limit. */
import { computeMedian } from "../../src/core/maths/robust.ts";
import { startBenchDevices } from "./bench-devices.ts";
import { startBenchGateway, waitUntilIdle } from "./bench-gateway.ts";
import { benchRateHz, encodeBenchStream } from "./bench-stream.ts";

/** The profiles of a gateway. */
export const profiles = ["standard", "small"] as const;
export type Profile = (typeof profiles)[number];

/** Starts that are timed, after one that warms the page cache. */
const starts = 5;
/** A first window needs two seconds of signal: sent this much faster than it was recorded. */
const startPace = 16;
const startDevices = 4;
/** Milliseconds that must not be passed. */
const limitMs = 700;

/** Figures by profile; `missed` says which start takes longer than it should. */
export type StartReport = Readonly<Record<string, unknown>> & { readonly missed: readonly string[] };

/** Both profiles. @throws when a gateway ends, or decides nothing */
export async function measureStarts(say: (text: string) => void): Promise<StartReport> {
  const report: Record<string, object> = {};
  const missed: string[] = [];
  for (const profile of profiles) {
    const times = await timeStarts(profile, say);
    report[profile] = describeStarts(times);
    missed.push(...judgeStart(profile, computeMedian(times)));
  }
  return { ...report, missed };
}

/** Holds milliseconds to the first prediction against the limit; says by how much it is missed. */
export function judgeStart(profile: Profile, milliseconds: number): readonly string[] {
  if (milliseconds <= limitMs) return [];
  return [`${profile}: ${Math.round(milliseconds)} ms to start, the limit is ${limitMs}`];
}

/** The middle start and each of them, in whole milliseconds. */
export function describeStarts(times: readonly number[]): object {
  return { startToFirstPredictionMs: Math.round(computeMedian(times)), starts: times.map(Math.round) };
}

/** Milliseconds from the start of the process to the first prediction, of devices that wait for it and send at once. */
export async function timeStarts(profile: Profile, say: (text: string) => void): Promise<readonly number[]> {
  say(`${starts} starts, profile ${profile} ...`);
  const stream = encodeBenchStream(8);
  const times: number[] = [];
  for (let start = 0; start <= starts; start++) {
    const fleet = await startBenchDevices(startDevices, stream);
    const sent = fleet.send(startDevices * benchRateHz * startPace);
    const gateway = await startBenchGateway({ addresses: fleet.addresses, mqtt: null, profile });
    try {
      await sent;
      const { startToFirstPredictionMs } = await waitUntilIdle(gateway);
      if (startToFirstPredictionMs === null) throw new Error("no window was processed");
      if (start > 0) times.push(startToFirstPredictionMs);
    } finally {
      await gateway.stop();
      fleet.close();
    }
  }
  return times;
}
