/** Feature rows of invented rigs, cut as recordings are: some to learn from, others, of rigs that nobody learns from, to judge and calibrate on. */
import { canonicalJsonBytes } from "../../../../core/bundle/canonical-json.ts";
import { faultKinds } from "../../../../core/contract/bundle/bearing-fault.ts";
import type { FeatureSpec } from "../../../../core/contract/bundle/feature-spec.ts";
import type { Lineage } from "../../../../core/contract/bundle/lineage.ts";
import type { WindowSpec } from "../../../../core/contract/bundle/manifest.ts";
import { widenShaftLines } from "../../../../core/features/order-spectrum.ts";
import { joinParts } from "../../../../core/maths/join-parts.ts";
import { createRandom, type Random } from "../../../../core/maths/random.ts";
import { sha256Hex } from "../../../../core/platform/files/sha256.ts";
import type { ScoredSet, ScoredSignal } from "../../../judge/scored-set.ts";
import { extractRows } from "../../../learn/extract-rows.ts";
import { joinLabelled, type LabelledRows } from "../../../learn/train-student.ts";
import type { StepProgress } from "../../../pipeline/step-runner.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { recordInvented } from "./invented-recording.ts";
import { type InventedCase, type InventedRig, inventRig } from "./invented-rigs.ts";

/** The rows of one recording. */
export interface InventedSignal {
  /** Number of the rig. */
  readonly rig: number;
  readonly failureMode: string | null;
  /** What the recording is, in a word or two: its slice. */
  readonly label: string;
  readonly rows: number;
  readonly features: Float32Array;
}

/** Rows of rigs that are learnt from, and of the others. */
export interface InventedRows {
  readonly training: readonly InventedSignal[];
  readonly heldOut: readonly InventedSignal[];
}

/** Of a recording at most. */
const mostRows = 6;

/** Invents, records and extracts; nothing where the configuration asks for no rigs. */
export function inventRows(
  {
    inventedRigs,
    window,
    trainingHop,
    features,
  }: Pick<BearingConfig, "inventedRigs" | "window" | "trainingHop" | "features">,
  progress: StepProgress,
): InventedRows {
  if (inventedRigs === undefined) return { training: [], heldOut: [] };
  const { training, heldOut, seed } = inventedRigs;
  const root = createRandom(seed);
  const record = (stream: string, number: number, hop: number): InventedSignal[] => {
    const signals = recordRows(root.fork(stream), { rig: number, window: { ...window, hop }, features });
    progress(number + 1, training + heldOut, "rigs invented");
    return signals;
  };
  const each = <T>(count: number, make: (index: number) => readonly T[]): T[] =>
    Array.from({ length: count }, (_, index) => make(index)).flat();
  return {
    training: each(training, (index) => record(`training ${index}`, index, trainingHop)),
    heldOut: each(heldOut, (index) => record(`held out ${index}`, training + index, window.hop)),
  };
}

function recordRows(
  random: Random,
  {
    rig: number,
    window,
    features,
  }: { readonly rig: number; readonly window: WindowSpec; readonly features: FeatureSpec },
): InventedSignal[] {
  const rig = inventRig(random.fork("rig"));
  const own = shortenWindow(rig, window, features);
  const neighbours = faultKinds[random.integer(faultKinds.length)]!;
  const cases: InventedCase[] = [
    { kind: "healthy" },
    { kind: "healthy" },
    { kind: "neighbour", fault: neighbours },
    ...faultKinds.map((fault) => ({ kind: "fault", fault }) as const),
  ];
  return cases.map((what, index) => {
    const signal = recordInvented(rig, what, random.fork(`recording ${index}`));
    const { rows, features: values } = extractRows(signal, own.window, own.features);
    const kept = Math.min(rows, mostRows);
    const columns = features.list.length;
    return {
      rig: number,
      failureMode: what.kind === "fault" ? what.fault : null,
      label: what.kind === "fault" ? what.fault : what.kind,
      rows: kept,
      features: values.slice(0, kept * columns),
    };
  });
}

/**
 * A recording that is shorter than a window is one window of its own length, and the lines of the shaft are as much wider:
 * as `aurora score` takes it.
 */
function shortenWindow(
  { revolutions }: InventedRig,
  window: WindowSpec,
  features: FeatureSpec,
): { readonly window: WindowSpec; readonly features: FeatureSpec } {
  const length = Math.floor(100 * revolutions) / 100;
  if (window.unit !== "revolutions" || length >= window.length) return { window, features };
  const chains = features.chains.map((chain) => widenShaftLines(chain, window.length / length));
  return { window: { ...window, length, hop: length }, features: { ...features, chains } };
}

/** The data set as a lineage names it: its fingerprint is that of all that decides the rigs, besides the code. */
export function describeInvented({
  inventedRigs,
  window,
  trainingHop,
  features,
}: Pick<BearingConfig, "inventedRigs" | "window" | "trainingHop" | "features">): Lineage["data"] {
  if (inventedRigs === undefined) return [];
  const { training, heldOut, seed } = inventedRigs;
  const made = { training, heldOut, seed, window, trainingHop, features };
  return [
    {
      name: "invented-rigs",
      sha256: sha256Hex(canonicalJsonBytes(made)),
      trainGroups: [`rigs 1 to ${training}`],
      heldOutGroups: [`rigs ${training + 1} to ${training + heldOut}`],
    },
  ];
}

/** What the data set is, for people. */
export const inventedDescription =
  "Vibration of invented bearing rigs, made by src/training/recipes/bearing/learn/invented-recording.ts from a seed";

/** Invented recordings as cases to judge; a rig's stand or fall together. `scores` are everybody's, [rows × modes]. */
export function describeRigs(
  signals: readonly InventedSignal[],
  failureModes: readonly string[],
  scores: ScoredSet["scores"],
): ScoredSet {
  const described = signals.map(({ rig, failureMode, label, rows }, index): ScoredSignal => {
    const mode = failureModes.indexOf(failureMode ?? "");
    return {
      id: `rig ${rig}, recording ${index}`,
      unit: `rig ${rig}`,
      stratum: "invented",
      truth: mode < 0 ? null : mode,
      rows,
      slices: { recording: label },
    };
  });
  return { signals: described, outputs: failureModes.length, scores };
}

/** Adds to recorded rows what else is learnt from. */
export type Widen = (recorded: LabelledRows) => LabelledRows;

/** Adds the rows of invented rigs, or nothing where the configuration asks for none. */
export function createWiden(
  { inventedRigs, hypotheses }: Pick<BearingConfig, "inventedRigs" | "hypotheses">,
  rows: InventedRows,
): Widen {
  if (inventedRigs === undefined) return (recorded) => recorded;
  const modes = hypotheses.map(({ failureMode }) => failureMode);
  const invented = joinLabelled(rows.training, modes);
  return (recorded) => addInvented(recorded, invented, inventedRigs.weight);
}

/** Recorded rows, and invented ones after them that weigh `weight` times as much in all. */
function addInvented(recorded: LabelledRows, invented: LabelledRows, weight: number): LabelledRows {
  const rows = recorded.rows + invented.rows;
  const weights = new Float32Array(rows).fill(1);
  weights.fill((weight * recorded.rows) / Math.max(1, invented.rows), recorded.rows);
  return {
    rows,
    features: joinParts([recorded.features, invented.features], Float32Array),
    labels: joinParts([recorded.labels, invented.labels], Float32Array),
    weights,
  };
}
