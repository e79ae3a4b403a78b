/** The CWRU recordings as labelled feature rows, one bearing a signal. Reads every file once and fingerprints it. */
import { join } from "node:path";
import type { FeatureSpec } from "../contract/feature-spec.ts";
import type { WindowSpec } from "../contract/manifest.ts";
import {
  type CwruEnd,
  type CwruRecording,
  cwruBearings,
  readCwruIndex,
  readCwruSignals,
} from "../dataset/cwru-recordings.ts";
import { type CwruWaveform, readCwruWaveforms } from "../dataset/cwru-splits.ts";
import { fingerprintFiles } from "../dataset/fingerprint.ts";
import { extractRows } from "./extract-rows.ts";
import type { LabelledRows } from "./train-student.ts";

/** Rows of one channel of one recording. */
export interface WaveformRows {
  readonly waveform: CwruWaveform;
  /** Speed, rate and load of the recording. */
  readonly recording: CwruRecording;
  /** Windows with the deployed hop, for evaluation. */
  readonly served: { readonly rows: number; readonly features: Float32Array };
  /** Windows with the training hop. */
  readonly training: { readonly rows: number; readonly features: Float32Array };
}

/** What is extracted. */
export interface CwruRows {
  /** The 144 signals of the published splits. */
  readonly signals: readonly WaveformRows[];
  /** Both channels of the normal recording, which no split uses: served windows only. */
  readonly normal: readonly WaveformRows[];
  /** SHA-256 over all files that were read. */
  readonly fingerprint: string;
}

/** How to cut. */
export interface CwruRowsOptions {
  readonly window: WindowSpec;
  readonly trainingHop: number;
  readonly features: FeatureSpec;
  /** Called after each recording. */
  readonly progress: (done: number, total: number) => void;
}

/** Reads `<dataDir>/cwru` and extracts all rows. Fails with DATA_MISSING or DATA_FORMAT. */
export async function readCwruRows(dataDir: string, options: CwruRowsOptions): Promise<CwruRows> {
  const dir = join(dataDir, "cwru");
  const recordings = await readCwruIndex(dir);
  const waveforms = await readCwruWaveforms(dir);
  const normals = recordings.filter((recording) => recording.fault === "normal");
  const used = recordings.filter((recording) => waveforms.some((wave) => wave.file === recording.file));
  const signals: WaveformRows[] = [];
  const normal: WaveformRows[] = [];
  const all = [...used, ...normals];
  for (const [index, recording] of all.entries()) {
    for (const signal of await readCwruSignals(dir, recording)) {
      const waveform =
        recording.fault === "normal"
          ? normalWaveform(recording, signal.end)
          : waveforms.find((wave) => wave.file === recording.file && wave.signalEnd === signal.end);
      if (waveform === undefined) continue;
      const source = {
        counts: signal.counts,
        scale: signal.scale,
        sampleRateHz: recording.sampleRateHz,
        shaftRpm: recording.shaftRpm,
        bearing: cwruBearings[signal.end],
      };
      const served = extractRows(source, options.window, options.features);
      const training =
        recording.fault === "normal" || options.trainingHop === options.window.hop
          ? served
          : extractRows(source, { ...options.window, hop: options.trainingHop }, options.features);
      (recording.fault === "normal" ? normal : signals).push({ waveform, recording, served, training });
    }
    options.progress(index + 1, all.length);
  }
  const files = ["index.json", join("splits", "waveforms.csv"), ...all.map((recording) => recording.file)];
  return { signals, normal, fingerprint: await fingerprintFiles(dir, files) };
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

/** The rows of chosen waveforms. */
export function selectSignals(
  signals: readonly WaveformRows[],
  waveforms: readonly CwruWaveform[],
): WaveformRows[] {
  const wanted = new Set(waveforms.map((waveform) => waveform.id));
  return signals.filter((signal) => wanted.has(signal.waveform.id));
}

function normalWaveform(recording: CwruRecording, end: CwruEnd): CwruWaveform {
  return {
    id: `normal_${end}_${recording.loadHp}HP`,
    file: recording.file,
    signalEnd: end,
    faultEnd: end,
    group: "normal",
    failureMode: null,
  };
}
