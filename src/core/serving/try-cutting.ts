/**
 * Builds what a bundle's windows or rows are cut with, and cuts a window, before anything serves with it: a gateway that met what
 * it refuses while data flow would decide nothing. Keeps nothing, and reads no data.
 */
import { AuroraError } from "../contract/aurora-error.ts";
import { findWaveform, type Manifest } from "../contract/bundle/manifest.ts";
import type { NormalBehaviourSpec } from "../contract/bundle/normal-behaviour.ts";
import { createTurbineWatch } from "../decision/normal-behaviour/turbine-watch.ts";
import { createRowCutter } from "./row-cutter.ts";
import { createSpecCutter, type WindowBundle } from "./spec-cutter.ts";

/**
 * @throws AuroraError BUNDLE_INCOMPATIBLE for features or levels that this runtime does not compute or that hold no whole window,
 * BUNDLE_FORMAT for windows that cannot be cut and for a channel that there is not.
 */
export function tryCutting(manifest: Manifest): void {
  if (manifest.normalBehaviour === undefined) cutWindow(manifest);
  else buildRows(manifest, manifest.normalBehaviour);
}

/** Any bearing's. */
const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 };
const samplesPerRevolution = 64;
const blockSamples = 4096;

function cutWindow(manifest: Manifest): void {
  const { window } = manifest;
  const channel = findWaveform(manifest);
  if (channel === undefined) throw refuse(manifest, "none of its channels is one of samples");
  const bundle: WindowBundle = { manifest, retain: () => {}, release: () => {} };
  let ended = 0;
  const { windower } = createSpecCutter(
    bundle,
    { bearing },
    { onEnd: () => ended++, onAbandon: () => {}, onRefuse: () => {} },
  );
  const sampleRateHz = channel.minRateHz;
  const shaftRpm = (60 * sampleRateHz) / samplesPerRevolution;
  const counts = Int16Array.from({ length: blockSamples }, (_, index) => ((index * 7919) % 2001) - 1000);
  const enough = (window.length + 1) * samplesPerRevolution;
  for (let firstSample = 0; ended === 0 && firstSample < enough; firstSample += blockSamples) {
    const timestampMs = (firstSample * 1000) / sampleRateHz;
    const { name, unit } = channel;
    const block = { deviceId: "", channel: name, unit, sampleRateHz, shaftRpm, scale: 1e-3 };
    windower.accept({ ...block, timestampMs, firstSample, counts });
  }
  if (ended === 0) throw refuse(manifest, `a window of ${window.length} revolutions does not end`);
}

function buildRows(manifest: Manifest, spec: NormalBehaviourSpec): void {
  createRowCutter(manifest, new Map(), { onRow: () => {}, onQuarantine: () => {} });
  const { channels, features } = manifest;
  try {
    createTurbineWatch({ spec, channels: channels.map(({ name }) => name), inputs: features.list.length });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw refuse(manifest, cause.message);
  }
}

function refuse({ name, version }: Manifest, why: string): AuroraError {
  return new AuroraError("BUNDLE_FORMAT", why, { op: "open bundle", subject: `${name}@${version}` });
}
