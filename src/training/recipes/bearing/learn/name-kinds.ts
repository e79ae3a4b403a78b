/**
 * Which kind of fault a recording shows that is only known to be faulty: physics says it, by the fault order whose lines stand
 * out. Names none where no order stands out against the healthy recordings: such a recording would teach noise.
 */
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import { type FaultKind, faultKinds } from "../../../../core/contract/bundle/bearing-fault.ts";
import type { FeatureSpec } from "../../../../core/contract/bundle/feature-spec.ts";
import { computeMedian, computeScaledMad } from "../../../../core/maths/robust.ts";
import type { RecordedEntry } from "../../../dataset/recordings/recording-set.ts";
import type { Hypothesis } from "../bearing-config.ts";
import { findPhysicsColumns } from "./hypothesis-columns.ts";

/** A recording that is said to be faulty and shows nothing that a healthy one does not. */
export interface UnclearRecording {
  readonly id: string;
  /** Mean log signal-to-noise ratio of its clearest order, and what the healthy recordings' reaches. */
  readonly clearest: number;
  readonly needed: number;
}

interface ToName {
  readonly entry: RecordedEntry;
  readonly served: { readonly rows: number; readonly features: Float32Array };
}

type Named<Rows> = Rows & { readonly failureMode: FaultKind | null };

/** Scaled median absolute deviations above the healthy recordings' median at which an order stands out. */
const leastDeviations = 2;

/** Names the kinds of all `rows`; a label that names one is believed. Fails with CONFIG_INVALID where features do not tell kinds apart. */
export function nameKinds<Rows extends ToName>(
  rows: readonly Rows[],
  { features, hypotheses }: { readonly features: FeatureSpec; readonly hypotheses: readonly Hypothesis[] },
): {
  readonly named: readonly Named<Rows>[];
  readonly unclear: readonly UnclearRecording[];
} {
  const unclear: UnclearRecording[] = [];
  const unnamed = rows.some(({ entry }) => entry.label === "faulty");
  const columns = unnamed ? findPhysicsColumns(features, hypotheses) : null;
  if (unnamed && columns === null) {
    throw new AuroraError(
      "CONFIG_INVALID",
      "recordings are only said to be faulty, and no features tell the kinds apart",
      {
        op: "name kinds of faults",
        subject: "features",
        hint: "label them inner-race, outer-race or ball; or take the features of models/bearing-vibration/train.yaml, which hold h1 to h3 of each order",
      },
    );
  }
  const width = features.list.length;
  const means = (each: Rows): number[] => (columns ?? []).map((own) => meanOf(each.served, own, width));
  const healthy = unnamed
    ? rows
        .filter(({ entry, served }) => entry.label === "healthy" && served.rows > 0)
        .map((each) => Math.max(...means(each)))
    : [];
  const needed =
    healthy.length === 0 ? 0 : computeMedian(healthy) + leastDeviations * computeScaledMad(healthy);
  const named = rows.flatMap((each): readonly Named<Rows>[] => {
    const { label, id } = each.entry;
    if (label === "healthy") return [{ ...each, failureMode: null }];
    if (label !== "faulty") return [{ ...each, failureMode: label }];
    const own = means(each);
    const clearest = each.served.rows === 0 ? Number.NEGATIVE_INFINITY : Math.max(...own);
    const mode = hypotheses[own.indexOf(clearest)]?.failureMode;
    const kind = faultKinds.find((known) => known === mode);
    if (clearest > needed && kind !== undefined) return [{ ...each, failureMode: kind }];
    unclear.push({ id, clearest, needed });
    return [];
  });
  return { named, unclear };
}

/** Mean of some columns over all rows. */
function meanOf({ rows, features }: ToName["served"], columns: readonly number[], width: number): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    for (const column of columns) sum += features[row * width + column]!;
  }
  return sum / (rows * columns.length);
}

/** How many kinds physics named of `rows`, and of how many more recordings nothing did, in a sentence; nothing where every label names one. */
export function sayNamedKinds(rows: readonly Pick<ToName, "entry">[], unclear: number): string[] {
  const all = rows.filter(({ entry }) => entry.label === "faulty").length + unclear;
  if (all === 0) return [];
  return [
    `Of ${all} recordings that are only said to be faulty, the kind was named by their fault lines, not by an inspection; ${unclear} of them showed none and were left out of learning and figures alike. Figures by kind say how far model and fault lines agree.`,
  ];
}
