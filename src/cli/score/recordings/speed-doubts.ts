/**
 * Whether a stated speed and sampling rate are those of the machine: the harmonics of a shaft stand in its mean spectrum
 * as a comb, whose spacing says how fast it turned. Says a doubt, in words for stderr, and corrects nothing: a gateway
 * would not. A rate of 20,000 Hz where 20,480 is true puts every line of a fault 2.4 % off, beyond where it is looked for.
 */
import { standsOnMains } from "../../../core/maths/mains.ts";
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";
import type { FileDescription, Sidecar } from "../../../training/dataset/sidecar/sidecar.ts";
import { type Beginning, createBeginning } from "./beginning.ts";
import { findFarShare } from "./far-shaft.ts";
import { computeMeanPower, sizeTransform } from "./mean-spectrum.ts";
import {
  combHarmonics,
  combReach,
  findCombShare,
  findLines,
  neighbours,
  toleratedShare,
} from "./shaft-comb.ts";

/** A recording of a point, and what is said of it. */
interface SpeedRecording {
  readonly point: string;
  readonly description: FileDescription;
  readonly open: () => Promise<SampleFile>;
}

/** What is said of recordings of one point. */
type Stated = Pick<Sidecar, "rateHz" | "shaftRpm" | "speed">;

/** Recordings of a point that are listened to: its first ones. */
export const heardRecordings = 24;
/** A mean spectrum is one of so many parts at least: recordings, or halves of fewer ones that overlap, and so on. */
const fewestParts = 8;
/** Samples of a part. */
const mostSamples = 2 ** 16;
/** Below so many revolutions of a part neighbouring spacings cannot be told apart; parts of one recording share its knocks. */
const fewestRevolutions = 16;
const fewestRevolutionsOfCut = 32;
/** Resolutions of a spectrum within which a line may be the mains' own. */
const humReach = 2;

/** To a tenth, or of a slow shaft to three digits. */
export function formatRpm(rpm: number): string {
  return `${Number(rpm >= 100 ? rpm.toFixed(1) : rpm.toPrecision(3))}`;
}

/** None, where nothing is odd, or nothing can be said: of a speed that changes, or of a recording that cannot be read. */
export async function listSpeedDoubts(recordings: readonly SpeedRecording[]): Promise<readonly string[]> {
  const doubts: string[] = [];
  for (const point of new Set(recordings.map((recording) => recording.point))) {
    const own = recordings.filter((recording) => recording.point === point).slice(0, heardRecordings);
    const { rateHz, shaftRpm, speed } = own[0]!.description.sidecar;
    const alike = own.filter(({ description: { sidecar } }) => {
      return sidecar.rateHz === rateHz && sidecar.shaftRpm === shaftRpm;
    });
    const files = await Promise.all(alike.map(({ open }) => open().catch(() => null)));
    const beginnings = files.filter((file) => file !== null).map(createBeginning);
    const doubt = await doubtSpeed(point, beginnings, { rateHz, shaftRpm, speed });
    if (doubt !== null) doubts.push(doubt);
  }
  return doubts;
}

/** In words, of recordings of one point of which the same is stated; null, where nothing is odd, or nothing can be said, as of a speed that changes. */
export async function doubtSpeed(
  point: string,
  beginnings: readonly Beginning[],
  { rateHz, shaftRpm, speed }: Stated,
): Promise<string | null> {
  if (speed !== undefined) return null;
  const share = await measureSpeedShare(beginnings, { rateHz, shaftRpm });
  if (share === null || Math.abs(share - 1) <= toleratedShare) return null;
  return `${point}: ${describeSpeedDoubt(share, shaftRpm)}: check --shaft-rpm and --rate-hz (${rateHz}); lines of a fault are looked for within 2 %; a second machine that turns so may be what is heard`;
}

/** Where lines of a shaft stand in recordings of one machine, as a sentence without an end; null: where they should, or nobody knows. */
export async function findShaftElsewhere(
  files: readonly SampleFile[],
  stated: Pick<Stated, "rateHz" | "shaftRpm">,
): Promise<string | null> {
  const beginnings = files.slice(0, heardRecordings).map(createBeginning);
  const share = await measureSpeedShare(beginnings, stated);
  if (share === null || Math.abs(share - 1) <= toleratedShare) return null;
  return describeSpeedDoubt(share, stated.shaftRpm);
}

/** Where lines of a shaft stand, by their share of the stated speed; far off a share is plainer than per cents. */
function describeSpeedDoubt(share: number, shaftRpm: number): string {
  const found = `${(share * shaftRpm).toFixed(0)} rpm`;
  const stated = `the stated ${formatRpm(shaftRpm)} rpm`;
  if (Math.abs(share - 1) > combReach) {
    return `lines of a shaft stand at ${found}, ${share.toFixed(3)} times ${stated}, where none stands`;
  }
  const percent = Math.abs(100 * (share - 1)).toFixed(1);
  return `lines of a shaft stand at ${found}, ${percent} % ${share > 1 ? "above" : "below"} ${stated}`;
}

/**
 * The speed at which a shaft's harmonics stand in the mean spectrum of `beginnings`, as a share of the stated one; null where
 * no comb within 5 % of it stands out, and none farther off of which there is little doubt.
 */
export async function measureSpeedShare(
  beginnings: readonly Beginning[],
  { rateHz, shaftRpm }: Stated,
): Promise<number | null> {
  const cut = await cutParts(beginnings);
  if (cut === null) return null;
  const { parts, samples, isCut } = cut;
  const revolutions = (samples * shaftRpm) / 60 / rateHz;
  if (revolutions < (isCut ? fewestRevolutionsOfCut : fewestRevolutions)) return null;
  const size = sizeTransform(samples);
  const turnBins = ((shaftRpm / 60) * size) / rateHz;
  const resolution = size / samples;
  const isMasked = (bin: number): boolean => {
    return standsOnMains((bin * rateHz) / size, (humReach * rateHz) / samples);
  };
  const highest = Math.ceil(turnBins * combHarmonics * 1.05);
  const power = computeMeanPower(parts, Math.min(size / 2 + 1, highest + neighbours + 1));
  const lines = findLines({ power, resolution, isMasked: () => false });
  const clear = lines.filter(({ bin }) => !isMasked(bin));
  const near = findCombShare(clear, { turnBins, resolution });
  return near ?? findFarShare(lines, { turnBins, resolution, isMasked });
}

interface Parts {
  readonly parts: readonly Float64Array[];
  /** Of each. */
  readonly samples: number;
  /** Several of them are of one recording. */
  readonly isCut: boolean;
}

/** Parts of one length of the beginnings; null where there is little of them, or they are not alike in length. */
async function cutParts(beginnings: readonly Beginning[]): Promise<Parts | null> {
  if (beginnings.length === 0) return null;
  const partsOfEach = Math.ceil(fewestParts / beginnings.length);
  // Each begins in the middle of the one before.
  const most = (mostSamples * (partsOfEach + 1)) / 2;
  const whole: Float64Array[] = [];
  for (const beginning of beginnings) {
    const samples = await beginning.take(most);
    if (samples.length > 0 && areFinite(samples)) whole.push(samples);
  }
  const shortest = Math.min(most, ...whole.map(({ length }) => length));
  const hop = Math.floor(shortest / (partsOfEach + 1));
  const samples = partsOfEach === 1 ? shortest : 2 * hop;
  if (whole.length * partsOfEach < fewestParts || samples < 1024) return null;
  const parts = whole.flatMap((beginning) => {
    return Array.from({ length: partsOfEach }, (_, index) => {
      return beginning.subarray(index * hop, index * hop + samples);
    });
  });
  return { parts, samples, isCut: partsOfEach > 1 };
}

function areFinite(samples: Float64Array): boolean {
  for (let index = 0; index < samples.length; index++) {
    if (!(Math.abs(samples[index]!) < Number.POSITIVE_INFINITY)) return false;
  }
  return true;
}
