/**
 * Recordings of a point that from one on are shorter or longer than before, by a factor by which rates are changed, although the
 * stated rate stays: at a wrong rate no line stands where it is looked for. Says so, in words for stderr.
 */
import { formatInstant } from "../files/time-doubts.ts";
import type { PlannedRecording } from "./plan-replay.ts";

type LongRecording = Pick<PlannedRecording, "file" | "point" | "timeMs"> & {
  readonly description: { readonly sidecar: { readonly rateHz: number } };
};

/** Collects lengths, as recordings are played. */
interface LengthDoubts {
  /** Those of a point come in order of time. */
  look(recording: LongRecording, lengthMs: number): void;
  /** One sentence a point, of its last change. */
  list(): readonly string[];
}

/** Recordings of one length and stated rate, one after the other but for fewer others among them. */
interface Run {
  readonly first: LongRecording;
  readonly lengthMs: number;
  count: number;
}

/** The last two runs of a point, and what may become one; undefined: there is none yet. */
interface Runs {
  before?: Run | undefined;
  now?: Run | undefined;
  next?: Run | undefined;
}

/** As many as make a length that a point keeps; fewer were cut off, or a trial. */
const fewest = 3;
const tolerance = 0.01;
/** By which rates are divided. */
const rateFactors: readonly number[] = [2, 2.5, 3, 4, 5, 8, 10];

/** Creates a collection without any. */
export function createLengthDoubts(): LengthDoubts {
  const points = new Map<string, Runs>();
  return {
    look: (recording, lengthMs) => {
      const { before, now, next } = points.get(recording.point) ?? {};
      const run = [now, next].find((each) => each !== undefined && goesOn(each, recording, lengthMs)) ?? {
        first: recording,
        lengthMs,
        count: 0,
      };
      run.count++;
      const runs =
        run === now
          ? { before, now }
          : run.count >= fewest
            ? { before: now, now: run }
            : { before, now, next: run };
      points.set(recording.point, runs);
    },
    list: () => [...points.values()].flatMap(describeChange),
  };
}

function goesOn({ first, lengthMs }: Run, { description }: LongRecording, nextMs: number): boolean {
  return isOfOneRate(first.description, description) && isNear(nextMs / lengthMs, 1);
}

function isOfOneRate(one: LongRecording["description"], other: LongRecording["description"]): boolean {
  return one.sidecar.rateHz === other.sidecar.rateHz;
}

function describeChange({ before, now }: Runs): string[] {
  if (before === undefined || now === undefined) return [];
  const { point, file, timeMs, description } = now.first;
  if (!isOfOneRate(before.first.description, description)) return [];
  const ratio = now.lengthMs / before.lengthMs;
  const longer = Math.max(ratio, 1 / ratio);
  const factor = rateFactors.find((each) => isNear(longer, each));
  if (factor === undefined) return [];
  const [times, part] = factor === 2 ? ["twice", "half"] : [`${factor} times`, `1/${factor}`];
  return [
    `${point}: from ${file} (${formatInstant(timeMs)}) on each recording is ${ratio > 1 ? times : part} as long at the same stated rate of ${description.sidecar.rateHz} Hz: was the rate changed?`,
  ];
}

function isNear(value: number, wanted: number): boolean {
  return Math.abs(value / wanted - 1) <= tolerance;
}
