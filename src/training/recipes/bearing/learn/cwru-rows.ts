/** The CWRU recordings as feature rows, one bearing a signal: labelled to learn from, described to be judged on. */
import { join } from "node:path";
import { createRandom, type Random } from "../../../../core/maths/random.ts";
import {
  type CwruEnd,
  type CwruRecording,
  cwruBearings,
  cwruFailureModes,
  readCwruIndex,
  readCwruSignals,
} from "../../../dataset/cwru-recordings.ts";
import { type CwruWaveform, readCwruWaveforms } from "../../../dataset/cwru-splits.ts";
import { fingerprintFiles } from "../../../dataset/read-data-file.ts";
import type { RecordedSignal } from "../../../dataset/recordings/recording-set.ts";
import type { ScoredSet, ScoredSignal } from "../../../judge/scored-set.ts";
import { type ExtractedRows, extractRows } from "../../../learn/extract-rows.ts";
import type { LabelledRows } from "../../../learn/train-student.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { nameSignal } from "./check-contract.ts";

export interface WaveformRows {
  readonly waveform: CwruWaveform;
  readonly recording: CwruRecording;
  /** Windows with the deployed hop, for evaluation. */
  readonly served: { readonly rows: number; readonly features: Float32Array };
  /** Windows with the training hop; the first `recorded` rows are as recorded, the others noisy copies. */
  readonly training: { readonly rows: number; readonly recorded: number; readonly features: Float32Array };
}

export interface CwruRows {
  /** The 144 signals of the published splits. */
  readonly signals: readonly WaveformRows[];
  /**
   * Signals that no split uses, served windows only: the normal recording, the recordings at 48 kHz, outer race
   * faults at other clock positions, and the 0.028 inch bearings of another make.
   */
  readonly extra: readonly WaveformRows[];
}

interface CwruRowsOptions
  extends Pick<BearingConfig, "window" | "trainingHop" | "features" | "noiseLevels" | "seed"> {
  /** Signals that break the data contract (see `check-contract.ts`): they are left out. */
  readonly refused: readonly { readonly signal: string }[];
  readonly progress: (done: number, total: number) => void;
}

/** Reads `<dataDir>/cwru` and extracts all rows. Fails with DATA_MISSING or DATA_FORMAT. */
export async function readCwruRows(dataDir: string, options: CwruRowsOptions): Promise<CwruRows> {
  const dir = join(dataDir, "cwru");
  const recordings = await readCwruIndex(dir);
  const waveforms = await readCwruWaveforms(dir);
  const signals: WaveformRows[] = [];
  const extra: WaveformRows[] = [];
  const refused = new Set(options.refused.map(({ signal }) => signal));
  for (const [index, recording] of recordings.entries()) {
    for (const signal of await readCwruSignals(dir, recording)) {
      if (refused.has(nameSignal(recording.file, signal.end))) continue;
      const source = {
        counts: signal.counts,
        scale: signal.scale,
        sampleRateHz: recording.sampleRateHz,
        shaftRpm: recording.shaftRpm,
        bearing: cwruBearings[signal.end],
      };
      const served = extractRows(source, options.window, options.features);
      const waveform = waveforms.find(
        (wave) => wave.file === recording.file && wave.signalEnd === signal.end,
      );
      if (waveform === undefined) {
        const training = { ...served, recorded: served.rows };
        extra.push({ waveform: describeExtra(recording, signal.end), recording, served, training });
        continue;
      }
      const clean = extractRows(source, { ...options.window, hop: options.trainingHop }, options.features);
      const random = createRandom(options.seed).fork(waveform.id);
      const noisy = options.noiseLevels.map((level) =>
        extractRows(addNoise(source, level, random), options.window, options.features),
      );
      const training = { ...concatenate([clean, ...noisy]), recorded: clean.rows };
      signals.push({ waveform, recording, served, training });
    }
    options.progress(index + 1, recordings.length);
  }
  return { signals, extra };
}

/** SHA-256 over all files that {@link readCwruRows} reads. Fails with DATA_MISSING or DATA_FORMAT. */
export async function fingerprintCwru(dataDir: string): Promise<string> {
  const dir = join(dataDir, "cwru");
  const recordings = await readCwruIndex(dir);
  const files = ["index.json", join("splits", "waveforms.csv"), ...recordings.map(({ file }) => file)];
  return fingerprintFiles(dir, files);
}

/**
 * The signal with white noise of `level` times its own rms on top: a fault that is less developed, or a poorer sensor.
 * Half the resolution makes room for the sum; what still does not fit is clipped, as a converter does.
 */
function addNoise(signal: RecordedSignal, level: number, random: Random): RecordedSignal {
  let energy = 0;
  for (const count of signal.counts) energy += count * count;
  const deviation = level * Math.sqrt(energy / Math.max(1, signal.counts.length));
  const counts = signal.counts.map((count) =>
    Math.max(-32_768, Math.min(32_767, Math.round((count + deviation * random.normal()) / 2))),
  );
  return { ...signal, counts, scale: 2 * signal.scale };
}

function concatenate(parts: readonly ExtractedRows[]): { rows: number; features: Float32Array } {
  const features = new Float32Array(parts.reduce((sum, part) => sum + part.features.length, 0));
  let at = 0;
  for (const part of parts) {
    features.set(part.features, at);
    at += part.features.length;
  }
  return { rows: parts.reduce((sum, part) => sum + part.rows, 0), features };
}

/** Joins rows of several signals into one matrix with labels, in the order given. */
export function joinRows(
  signals: readonly WaveformRows[],
  kind: "served" | "training",
  failureModes: readonly string[],
): LabelledRows {
  const rows = signals.reduce((sum, signal) => sum + signal[kind].rows, 0);
  const columns = (signals[0]?.[kind].features.length ?? 0) / (signals[0]?.[kind].rows ?? 1);
  const features = new Float32Array(rows * columns);
  const labels = new Float32Array(rows * failureModes.length);
  let at = 0;
  for (const signal of signals) {
    features.set(signal[kind].features, at * columns);
    const mode = failureModes.indexOf(signal.waveform.failureMode ?? "");
    if (mode >= 0) {
      for (let row = 0; row < signal[kind].rows; row++) labels[(at + row) * failureModes.length + mode] = 1;
    }
    at += signal[kind].rows;
  }
  return { rows, features, labels };
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
  waveforms: readonly CwruWaveform[],
): WaveformRows[] {
  const wanted = new Set(waveforms.map((waveform) => waveform.id));
  return signals.filter((signal) => wanted.has(signal.waveform.id));
}

function describeExtra(recording: CwruRecording, end: CwruEnd): CwruWaveform {
  return {
    id: `${recording.file.replace(/\.npy$/, "")}_${end}`,
    file: recording.file,
    signalEnd: end,
    faultEnd: recording.faultEnd ?? end,
    group: recording.group,
    failureMode: recording.faultEnd === end ? cwruFailureModes[recording.fault] : null,
  };
}

/** Width of a speed band in {@link describeSet}. */
const speedBandRpm = 25;

/** Served windows as cases to judge: which bearing they belong to, what is right there, their slices and scores. */
export function describeSet(
  signals: readonly WaveformRows[],
  failureModes: readonly string[],
  scores: Readonly<Record<string, Float32Array>>,
): ScoredSet {
  const describe = ({ waveform, recording, served }: WaveformRows): ScoredSignal => {
    const mode = failureModes.indexOf(waveform.failureMode ?? "");
    const from = Math.floor(recording.shaftRpm / speedBandRpm) * speedBandRpm;
    return {
      id: waveform.id,
      // Both ends of a recording belong to its faulty bearing: they were recorded at once.
      unit: waveform.group,
      stratum: recording.fault,
      truth: mode < 0 ? null : mode,
      rows: served.rows,
      slices: {
        bearing: waveform.group,
        end: `${waveform.signalEnd} sensor`,
        fault: waveform.failureMode ?? "healthy",
        load: `${recording.loadHp} hp`,
        rate: `${recording.sampleRateHz / 1000} kHz`,
        speed: `${from} to ${from + speedBandRpm} rpm`,
      },
    };
  };
  return { signals: signals.map(describe), outputs: failureModes.length, scores };
}
