/** A recording that can be read: its channel, its scale, and what the bundle's data contract expects of it. */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { type ChannelContract, findWaveform } from "../../../core/contract/bundle/manifest.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import { decimateSamples } from "../../../training/dataset/samples/decimated-samples.ts";
import { type FileScale, findFileScale } from "../../../training/dataset/samples/file-scale.ts";
import {
  chooseQuantisation,
  type SampleQuantisation,
} from "../../../training/dataset/samples/quantise-samples.ts";
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";
import type { Sidecar } from "../../../training/dataset/sidecar/sidecar.ts";
import type { StatedSidecar } from "../sidecar/sidecar-options.ts";

/** No accelerometer is sampled faster; whoever says so has counted something else. */
const fastestRateHz = 1_000_000;

/** A file whose numbers are understood. */
export interface OpenedRecording {
  readonly file: SampleFile;
  readonly sidecar: Sidecar;
  readonly quantisation: SampleQuantisation;
  /** What the bundle expects of the channel; without a range where nobody knows the unit. */
  readonly contract: ChannelContract;
  /** Of its numbers; what else its own header says of them, or a description. */
  readonly fileScale: FileScale;
}

/**
 * Prepares a file for scoring. One that is faster than the bundle takes is heard at a whole fraction of its rate, which its
 * sidecar then states: at 97,656 Hz as at 48,828 Hz. Fails with USAGE, DATA_*, BUNDLE_INCOMPATIBLE; CONFIG_INVALID where the shaft stands.
 */
export async function openRecording(
  bundle: LoadedBundle,
  recorded: SampleFile,
  described: StatedSidecar,
): Promise<OpenedRecording> {
  const contract = findContract(bundle, described);
  const factor = Math.ceil(described.rateHz / contract.maxRateHz);
  const file = factor > 1 ? decimateSamples(recorded, factor) : recorded;
  const sidecar = factor > 1 ? slowDown(described, factor) : described;
  const fileScale = findFileScale(file, sidecar);
  const quantisation = await chooseQuantisation(file, fileScale.scale, contract);
  const anyRange = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
  return {
    file,
    sidecar,
    quantisation,
    contract: quantisation.isAbsolute ? contract : { ...contract, ...anyRange },
    fileScale,
  };
}

function slowDown({ rateHz, speed, ...described }: Sidecar, factor: number): Sidecar {
  const slower = speed === undefined ? undefined : { ...speed, everySamples: speed.everySamples / factor };
  return { ...described, rateHz: rateHz / factor, speed: slower };
}

/** The waveform channel that the bundle listens to; refuses at once what would only be set aside block by block. */
function findContract(
  { manifest }: LoadedBundle,
  { rateHz, shaftRpm, speed, rateFrom }: StatedSidecar,
): ChannelContract {
  const subject = `${manifest.name}@${manifest.version}`;
  const contract = findWaveform(manifest);
  if (contract === undefined) {
    throw new AuroraError("BUNDLE_INCOMPATIBLE", "does not listen to a waveform", {
      op: "score file",
      subject,
    });
  }
  const { minRateHz } = contract;
  if (rateHz < minRateHz || rateHz > fastestRateHz) {
    const stated = `${rateFrom ?? "its description"} says ${rateHz}`;
    throw new AuroraError("USAGE", `takes ${minRateHz} to ${fastestRateHz} Hz, ${stated}`, {
      op: "score file",
      subject,
      hint: `check the rate, in samples a second of one channel${rateHz < minRateHz ? `; if it is right, record at ${minRateHz} Hz or faster` : ""}, or use a bundle that was made for it`,
    });
  }
  if (shaftRpm === 0) {
    throw new AuroraError("CONFIG_INVALID", "the shaft stands: its speed is 0", {
      op: "score file",
      subject,
      hint: "leave the recording out: no window can be cut of a shaft that stands; --decide counts it as of a turbine that stands by",
    });
  }
  if (shaftRpm > 6 * rateHz) {
    throw new AuroraError("USAGE", `at ${Math.round(shaftRpm)} rpm a revolution has fewer than 10 samples`, {
      op: "score file",
      subject: speed === undefined ? "--shaft-rpm" : "--speed",
      hint: "a speed is in revolutions a minute of the shaft that carries the bearing; of a tachometer so many `pulses` come in one",
    });
  }
  return contract;
}
