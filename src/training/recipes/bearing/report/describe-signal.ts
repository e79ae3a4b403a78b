/** A recording's channel as a case to judge: which bearing it belongs to, what is right there, and its slices. */
import type { ScoredSet, ScoredSignal } from "../../../judge/scored-set.ts";
import type { WaveformRows } from "../learn/cwru-rows.ts";

/** Width of a speed band. */
const speedBandRpm = 25;

/** Describes a signal's served windows. */
function describeSignal(
  { waveform, recording, served }: WaveformRows,
  failureModes: readonly string[],
): ScoredSignal {
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
}

/** Signals and what everybody says of their served windows. */
export function describeSet(
  signals: readonly WaveformRows[],
  failureModes: readonly string[],
  scores: Readonly<Record<string, Float32Array>>,
): ScoredSet {
  return {
    signals: signals.map((signal) => describeSignal(signal, failureModes)),
    outputs: failureModes.length,
    scores,
  };
}
