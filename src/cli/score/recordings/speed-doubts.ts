/**
 * Whether a stated speed and sampling rate are those of the machine: the harmonics of a shaft stand in its mean spectrum
 * as a comb, whose spacing says how fast it turned. Says a doubt, in words for stderr, and corrects nothing: a gateway
 * would not. A rate of 20,000 Hz where 20,480 is true puts every line of a fault 2.4 % off, beyond where it is looked for.
 */
import { groupBy } from "../../../core/maths/group-by.ts";
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";
import type { FileDescription, Sidecar } from "../../../training/dataset/sidecar/sidecar.ts";
import { formatInstant } from "../files/time-doubts.ts";
import { type Beginning, createBeginning } from "./beginning.ts";
import { type HeardRecording, measureSpeedRange, measureSpeedShare } from "./measure-speed.ts";
import { combReach, toleratedShare } from "./shaft-comb.ts";

/** A recording of a point, and what is said of it. */
interface SpeedRecording {
  readonly point: string;
  readonly timeMs: number;
  readonly description: FileDescription;
  readonly open: () => Promise<SampleFile>;
}

/** Recordings of a point that are listened to together: its first and its last ones, and those from its first alarms on. */
export const heardRecordings = 24;
const heardAlarms = 3;

/** Where a shaft turns, by the share of what is stated: in all recordings, or from the lowest to the highest of them. */
interface SpeedDoubt {
  readonly low: number;
  readonly high: number;
  /** Recordings state different speeds. */
  readonly isEach: boolean;
  readonly words: string;
}

/** To a tenth, or of a slow shaft to three digits. */
export function formatRpm(rpm: number): string {
  return `${Number(rpm >= 100 ? rpm.toFixed(1) : rpm.toPrecision(3))}`;
}

/**
 * Of recordings in order of time, and when alarms of a point were raised. None, where nothing is odd, or nothing can be said:
 * of a speed that a channel states, or of a recording that cannot be read.
 */
export async function listSpeedDoubts(
  recordings: readonly SpeedRecording[],
  alarmsOf: (point: string) => readonly number[],
): Promise<readonly string[]> {
  const stated = recordings.filter(({ description }) => description.sidecar.speed === undefined);
  const doubts: string[] = [];
  for (const [point, own] of groupBy(stated, (recording) => recording.point)) {
    const told: SpeedDoubt[] = [];
    for (const begin of listBegins(own, alarmsOf(point))) {
      const heard = own.slice(begin, begin + heardRecordings);
      const { rateHz } = heard[0]!.description.sidecar;
      const opened = await openAlike(heard, rateHz);
      const doubt = await (begin === 0 ? findDoubt : findSteadyDoubt)(opened, rateHz);
      if (doubt === null || told.some((each) => saysSame(each, doubt))) continue;
      told.push(doubt);
      const since = begin === 0 ? "" : `from ${formatInstant(heard[0]!.timeMs)} on `;
      doubts.push(`${point}: ${since}${advise(doubt, heard[0]!.description.sidecar)}`);
    }
  }
  return doubts;
}

/** Indices of recordings from which on others are heard with them, as many as there are at most. */
function listBegins(own: readonly SpeedRecording[], alarms: readonly number[]): ReadonlySet<number> {
  const last = Math.max(0, own.length - heardRecordings);
  const raised = alarms.slice(0, heardAlarms).map((raisedMs) => {
    const next = own.findIndex(({ timeMs }) => timeMs >= raisedMs);
    return next === -1 ? last : Math.min(next, last);
  });
  return new Set([0, ...raised, last]);
}

async function openAlike(heard: readonly SpeedRecording[], rateHz: number): Promise<HeardRecording[]> {
  const alike = heard.filter(({ description }) => description.sidecar.rateHz === rateHz);
  const opened = await Promise.all(
    alike.map(async ({ open, description }) => {
      const file = await open().catch(() => null);
      return file === null
        ? []
        : [{ beginning: createBeginning(file), shaftRpm: description.sidecar.shaftRpm }];
    }),
  );
  return opened.flat();
}

/** Nothing more is to be said of a speed that varies. */
function saysSame(told: SpeedDoubt, { low, high }: SpeedDoubt): boolean {
  return told.low < told.high || (low === high && Math.abs(low - told.low) <= toleratedShare);
}

/** In words, of one recording; null, where nothing is odd, or nothing can be said, as of a speed that changes. */
export async function doubtSpeed(
  path: string,
  beginning: Beginning,
  sidecar: Pick<Sidecar, "rateHz" | "shaftRpm" | "speed">,
): Promise<string | null> {
  if (sidecar.speed !== undefined) return null;
  const doubt = await findDoubt([{ beginning, shaftRpm: sidecar.shaftRpm }], sidecar.rateHz);
  return doubt === null ? null : `${path}: ${advise(doubt, sidecar)}`;
}

function advise({ words, low, high, isEach }: SpeedDoubt, { rateHz }: Pick<Sidecar, "rateHz">): string {
  const cure =
    low < high
      ? "give the speed of each (shaftRpm in the entry, --speed)"
      : `check ${isEach ? "the speed of each" : "--shaft-rpm"} and --rate-hz (${rateHz})`;
  return `${words}: ${cure}; lines of a fault are looked for within 2 %; a second machine that turns so may be what is heard`;
}

/** Where a shaft turns in recordings of one machine, as a sentence without an end; null: where it should, or nobody knows. */
export async function findShaftElsewhere(
  recordings: readonly { readonly file: SampleFile; readonly shaftRpm: number }[],
  rateHz: number,
): Promise<string | null> {
  const heard = recordings.map(({ file, shaftRpm }) => {
    return { beginning: createBeginning(file), shaftRpm };
  });
  return (await findDoubt(heard, rateHz))?.words ?? null;
}

async function findDoubt(heard: readonly HeardRecording[], rateHz: number): Promise<SpeedDoubt | null> {
  const speeds = [...new Set(heard.map(({ shaftRpm }) => shaftRpm))];
  const share = await measureSpeedShare(heard, rateHz);
  const range = speeds.length > 1 ? null : await measureSpeedRange(heard, rateHz);
  if (range !== null) return { ...range, isEach: false, words: describeRange(range, speeds[0]!) };
  if (share === null || Math.abs(share - 1) <= toleratedShare) return null;
  return { low: share, high: share, isEach: speeds.length > 1, words: describeShare(share, speeds) };
}

/** As {@link findDoubt}, where either half of the recordings says the same by itself: who asks often hears chance. */
async function findSteadyDoubt(heard: readonly HeardRecording[], rateHz: number): Promise<SpeedDoubt | null> {
  const doubt = await findDoubt(heard, rateHz);
  if (doubt === null || doubt.low < doubt.high) return doubt;
  const middle = Math.floor(heard.length / 2);
  for (const half of [heard.slice(0, middle), heard.slice(middle)]) {
    const share = await measureSpeedShare(half, rateHz);
    if (share === null || Math.abs(share - doubt.low) > toleratedShare) return null;
  }
  return doubt;
}

function describeRange({ low, high }: Pick<SpeedDoubt, "low" | "high">, shaftRpm: number): string {
  const [slowest, fastest] = [low, high].map((share) => (share * shaftRpm).toFixed(0));
  return `the shaft turns at ${slowest} to ${fastest} rpm from recording to recording, though ${formatRpm(shaftRpm)} rpm is stated for all`;
}

/** Where lines of a shaft stand, by their share of the stated speed; far off a share is plainer than per cents. */
function describeShare(share: number, [shaftRpm = 0, ...more]: readonly number[]): string {
  const isFar = Math.abs(share - 1) > combReach;
  const none = isFar ? ", where none stands" : "";
  const found = (share * shaftRpm).toFixed(0);
  if (more.length > 0) {
    const one = `(${found} for ${formatRpm(shaftRpm)} rpm, for one)`;
    return `lines of a shaft stand at ${share.toFixed(3)} times the stated speed ${one}${none}`;
  }
  const stated = `the stated ${formatRpm(shaftRpm)} rpm`;
  if (isFar) return `lines of a shaft stand at ${found} rpm, ${share.toFixed(3)} times ${stated}${none}`;
  const percent = Math.abs(100 * (share - 1)).toFixed(1);
  return `lines of a shaft stand at ${found} rpm, ${percent} % ${share > 1 ? "above" : "below"} ${stated}`;
}
