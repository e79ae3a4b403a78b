/** Recordings as feature rows, one channel a signal: labelled to learn from, described to be judged on. */
import type { FaultKind } from "../../../../core/contract/bundle/bearing-fault.ts";
import { joinParts } from "../../../../core/maths/join-parts.ts";
import { createRandom, type Random } from "../../../../core/maths/random.ts";
import type {
  RecordedEntry,
  RecordedSignal,
  RecordingSet,
} from "../../../dataset/recordings/recording-set.ts";
import type { ScoredSet, ScoredSignal } from "../../../judge/scored-set.ts";
import { type ExtractedRows, extractRows } from "../../../learn/extract-rows.ts";
import { joinLabelled, type LabelledRows } from "../../../learn/train-student.ts";
import type { StepProgress } from "../../../pipeline/step-runner.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { nameKinds, type UnclearRecording } from "./name-kinds.ts";

export interface WaveformRows {
  readonly entry: RecordedEntry;
  /** Of the bearing that it listens to; null = healthy. Of an entry that is only `faulty` the kind whose lines it shows. */
  readonly failureMode: FaultKind | null;
  /** What its machine has, at whichever bearing; null = nothing. */
  readonly machineFault: FaultKind | null;
  /** Windows with the deployed hop, for evaluation. */
  readonly served: { readonly rows: number; readonly features: Float32Array };
  /** Windows with the training hop; the first `recorded` rows are as recorded, the others noisy copies. */
  readonly training: { readonly rows: number; readonly recorded: number; readonly features: Float32Array };
}

export interface RecordedRows {
  /** What may be learnt from. */
  readonly signals: readonly WaveformRows[];
  /** Signals that are never learnt from (`learn: false`), served windows only. */
  readonly extra: readonly WaveformRows[];
  /** Recordings that are said to be faulty and show no kind of fault: they are among neither. */
  readonly unclear: readonly UnclearRecording[];
  /** Ids of recordings that are shorter than a window: they are among neither, too. */
  readonly tooShort: readonly string[];
  /** All that the manifest lists, those too of which no recording is among `signals` and `extra`. */
  readonly machines: readonly string[];
}

interface RecordedRowsOptions
  extends Pick<BearingConfig, "window" | "trainingHop" | "features" | "noiseLevels" | "seed" | "hypotheses"> {
  /** Ids of entries that break the data contract (see `check-contract.ts`): they are left out. */
  readonly refused: readonly { readonly signal: string }[];
  readonly progress: StepProgress;
}

/** Reads all recordings of `set`, a part of a file at a time, and extracts all rows. Fails with DATA_MISSING or DATA_FORMAT. */
export async function readRecordedRows(
  set: RecordingSet,
  options: RecordedRowsOptions,
): Promise<RecordedRows> {
  const refused = new Set(options.refused.map(({ signal }) => signal));
  const rows: Pick<WaveformRows, "entry" | "served" | "training">[] = [];
  for (const [index, entry] of set.entries.entries()) {
    if (!refused.has(entry.id)) rows.push({ entry, ...(await readRows(set, entry, options)) });
    options.progress(index + 1, set.entries.length, "recordings read");
  }
  const { named, unclear } = nameKinds(rows, options);
  const tooShort = rows.filter(({ served }) => served.rows === 0).map(({ entry }) => entry.id);
  const machines = new Map(
    named.flatMap(({ entry, failureMode }) =>
      failureMode === null ? [] : [[entry.machine, failureMode] as const],
    ),
  );
  const all = named
    .filter(({ served }) => served.rows > 0)
    .map((each) => ({ ...each, machineFault: machines.get(each.entry.machine) ?? null }));
  return {
    signals: all.filter(({ entry }) => entry.learn),
    extra: all.filter(({ entry }) => !entry.learn),
    unclear: unclear.filter(({ id }) => !tooShort.includes(id)),
    tooShort,
    machines: [...new Set(set.entries.map(({ machine }) => machine))],
  };
}

async function readRows(
  set: RecordingSet,
  entry: RecordedEntry,
  { window, features, trainingHop, noiseLevels, seed }: RecordedRowsOptions,
): Promise<Pick<WaveformRows, "served" | "training">> {
  const served: ExtractedRows[] = [];
  const clean: ExtractedRows[] = [];
  const noisy: ExtractedRows[][] = noiseLevels.map(() => []);
  const random = createRandom(seed).fork(entry.id);
  for await (const part of set.parts(entry)) {
    served.push(extractRows(part, window, features));
    if (!entry.learn) continue;
    clean.push(extractRows(part, { ...window, hop: trainingHop }, features));
    for (const [index, level] of noiseLevels.entries()) {
      noisy[index]!.push(extractRows(addNoise(part, level, random), window, features));
    }
  }
  const own = concatenate(served);
  if (!entry.learn) return { served: own, training: { ...own, recorded: own.rows } };
  const recorded = clean.reduce((sum, { rows }) => sum + rows, 0);
  return { served: own, training: { ...concatenate([clean, ...noisy].flat()), recorded } };
}

/**
 * The signal with white noise of `level` times the rms of its vibration on top (what is constant, as gravity is, is none): a fault
 * that is less developed, or a poorer sensor.
 * Half the resolution makes room for the sum; what still does not fit is clipped, as a converter does.
 */
function addNoise(signal: RecordedSignal, level: number, random: Random): RecordedSignal {
  const samples = Math.max(1, signal.counts.length);
  const mean = signal.counts.reduce((sum, count) => sum + count, 0) / samples;
  const energy = signal.counts.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  const deviation = level * Math.sqrt(energy / samples);
  const counts = signal.counts.map((count) =>
    Math.max(-32_768, Math.min(32_767, Math.round((count + deviation * random.normal()) / 2))),
  );
  return { ...signal, counts, scale: 2 * signal.scale };
}

function concatenate(parts: readonly ExtractedRows[]): ExtractedRows {
  const features = joinParts(
    parts.map((part) => part.features),
    Float32Array,
  );
  return { rows: parts.reduce((sum, part) => sum + part.rows, 0), features };
}

/** Joins rows of several signals into one matrix with labels, in the order given. */
export function joinRows(
  signals: readonly WaveformRows[],
  kind: "served" | "training",
  failureModes: readonly string[],
): LabelledRows {
  const own = signals.map((signal) => ({ failureMode: signal.failureMode, ...signal[kind] }));
  return joinLabelled(own, failureModes);
}

/** A weight a training row of {@link joinRows}: 1 as recorded, 0 for the noisy copies. */
export function weighRecorded(signals: readonly WaveformRows[]): Float32Array {
  const weights = new Float32Array(signals.reduce((sum, { training }) => sum + training.rows, 0));
  let at = 0;
  for (const { training } of signals) {
    weights.fill(1, at, at + training.recorded);
    at += training.rows;
  }
  return weights;
}

export function selectSignals(
  signals: readonly WaveformRows[],
  entries: readonly Pick<RecordedEntry, "id">[],
): WaveformRows[] {
  const wanted = new Set(entries.map(({ id }) => id));
  return signals.filter(({ entry }) => wanted.has(entry.id));
}

/** Width of the narrowest speed band in {@link describeSet}; every wider one is made of whole ones. */
export const narrowestBandRpm = 25;
/** Widths of a speed band: the first that makes no more than so many bands. */
const speedBandsRpm = [narrowestBandRpm, 50, 100, 250, 500, 1000, 5000, 25_000] as const;
const mostSpeedBands = 8;

/** Served windows as cases to judge: which machine they belong to, what is right there, their slices and scores. */
export function describeSet(
  signals: readonly WaveformRows[],
  failureModes: readonly string[],
  scores: Readonly<Record<string, Float32Array>>,
): ScoredSet {
  const speeds = signals.map(({ entry }) => entry.shaftRpm);
  const span = Math.max(...speeds) - Math.min(...speeds);
  const band = speedBandsRpm.find((width) => span / width <= mostSpeedBands) ?? speedBandsRpm.at(-1)!;
  const describe = ({ entry, failureMode, machineFault, served }: WaveformRows): ScoredSignal => {
    const mode = failureModes.indexOf(failureMode ?? "");
    const from = Math.floor(entry.shaftRpm / band) * band;
    return {
      id: entry.id,
      // All channels of a machine belong together: they were recorded at once.
      unit: entry.machine,
      stratum: machineFault ?? "healthy",
      truth: mode < 0 ? null : mode,
      rows: served.rows,
      slices: {
        machine: entry.machine,
        component: entry.component,
        fault: failureMode ?? "healthy",
        load: entry.load ?? "not stated",
        rate: `${entry.sampleRateHz / 1000} kHz`,
        speed: `${from} to ${from + band} rpm`,
      },
    };
  };
  return { signals: signals.map(describe), outputs: failureModes.length, scores };
}
