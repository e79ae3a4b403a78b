/**
 * A fine-tuned student and its parent on the same recordings of machines that were left out: what each finds and raises, and where
 * the student is the worse one although it may be better on the whole. Says it; how sure it is, is the gate's to ask.
 */
import type { JudgedCase } from "../../../gate/judgement.ts";
import { computeBriers } from "../../../judge/metrics.ts";
import type { ScoredSet } from "../../../judge/scored-set.ts";
import { listSlices } from "../../../judge/slice-figures.ts";
import type { DecidedRecording } from "./machine-outcomes.ts";

/** Counts of recordings, the student's and its parent's. */
interface BothCounts {
  readonly student: number;
  readonly parent: number;
  readonly of: number;
}

export interface BesideParent {
  /** Faulty recordings whose fault is found, and healthy ones on which something is raised. */
  readonly found: BothCounts;
  readonly raised: BothCounts;
  /** Slices (machine, fault, load …) in which the student decides fewer recordings rightly: most lost first, no slice of the same recordings twice. */
  readonly worse: readonly (BothCounts & { readonly by: string; readonly value: string })[];
}

/** Recordings as cases: their loss by `probability`, [rows × outputs] in the order of `set`, and what was decided of them. */
export function listRecordingCases(
  set: Pick<ScoredSet, "signals" | "outputs">,
  probability: Float32Array,
  decided: readonly DecidedRecording[],
): readonly JudgedCase[] {
  const losses = computeBriers(set, probability);
  return set.signals.map(({ id, unit, slices }, index) => {
    const { outcome } = decided[index]!;
    return {
      id,
      slices,
      block: unit,
      loss: losses[index]!,
      decision:
        outcome === "found" || outcome === "quiet" ? "right" : outcome === "false-alarm" ? outcome : "missed",
    };
  });
}

/** Compares what was decided; `parents` are the same recordings in the same order. */
export function compareWithParent(
  own: readonly JudgedCase[],
  parents: readonly JudgedCase[],
  decided: readonly DecidedRecording[],
): BesideParent {
  const count = (cases: readonly JudgedCase[], is: (at: number, each: JudgedCase) => boolean): number =>
    cases.filter((each, at) => is(at, each)).length;
  const isFaulty = (at: number): boolean => decided[at]!.label !== "healthy";
  const both = (is: (at: number, each: JudgedCase) => boolean, of: number): BothCounts => ({
    student: count(own, is),
    parent: count(parents, is),
    of,
  });
  const faulty = count(own, isFaulty);
  const seen = new Set<string>();
  const worse = listSlices(own)
    .map(({ by, value }) => {
      const isIn = (at: number): boolean => own[at]!.slices[by] === value;
      const places = own.flatMap((_, at) => (isIn(at) ? [at] : []));
      const counts = both((at, { decision }) => isIn(at) && decision === "right", places.length);
      return { by, value, ...counts, places: places.join(" ") };
    })
    .filter(({ student, parent, of }) => student < parent && of < own.length)
    .sort((a, b) => b.parent - b.student - (a.parent - a.student))
    .filter(({ places }) => !seen.has(places) && seen.add(places))
    .map(({ places: _places, ...slice }) => slice);
  return {
    found: both((at, { decision }) => isFaulty(at) && decision === "right", faulty),
    raised: both((_, { decision }) => decision === "false-alarm", own.length - faulty),
    worse,
  };
}

/** Slices that are told. */
const mostTold = 3;

/** Where the student is worse, a sentence each; empty: it is nowhere. */
export function sayWorse({ found, raised, worse }: BesideParent): string[] {
  return [
    ...(found.student < found.parent
      ? [`it finds ${found.student} of ${found.of} faulty recordings, its parent ${found.parent}`]
      : []),
    ...(raised.student > raised.parent
      ? [
          `it raises something on ${raised.student} of ${raised.of} healthy recordings, its parent on ${raised.parent}`,
        ]
      : []),
    ...worse
      .slice(0, mostTold)
      .map(
        ({ by, value, student, parent, of }) =>
          `on ${by} ${value} it decides ${student} of ${of} recordings rightly, its parent ${parent}`,
      ),
  ];
}
