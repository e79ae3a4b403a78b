/** A recording that can be read: its channel, its scale, and what the bundle's data contract expects of it. */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { ChannelContract } from "../../../core/contract/bundle/manifest.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import {
  chooseQuantisation,
  type SampleQuantisation,
} from "../../../training/dataset/samples/quantise-samples.ts";
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";
import type { Sidecar } from "../../../training/dataset/sidecar/sidecar.ts";

/** A file whose numbers are understood. */
export interface OpenedRecording {
  readonly file: SampleFile;
  readonly sidecar: Sidecar;
  readonly quantisation: SampleQuantisation;
  /** What the bundle expects of the channel; without a range where nobody knows the unit. */
  readonly contract: ChannelContract;
}

/** Prepares a file for scoring. Fails with USAGE, DATA_*, BUNDLE_INCOMPATIBLE. */
export async function openRecording(
  bundle: LoadedBundle,
  file: SampleFile,
  sidecar: Sidecar,
): Promise<OpenedRecording> {
  const contract = findContract(bundle, sidecar);
  const quantisation = await chooseQuantisation(file, sidecar.scale, contract);
  const anyRange = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
  return {
    file,
    sidecar,
    quantisation,
    contract: quantisation.isAbsolute ? contract : { ...contract, ...anyRange },
  };
}

/** The waveform channel that the bundle listens to; refuses at once what would only be set aside block by block. */
function findContract({ manifest }: LoadedBundle, { rateHz, shaftRpm }: Sidecar): ChannelContract {
  const subject = `${manifest.name}@${manifest.version}`;
  const contract = manifest.channels.find((channel) => channel.kind === "waveform");
  if (contract === undefined) {
    throw new AuroraError("BUNDLE_INCOMPATIBLE", "does not listen to a waveform", {
      op: "score file",
      subject,
    });
  }
  const { minRateHz, maxRateHz } = contract;
  if (rateHz < minRateHz || rateHz > maxRateHz) {
    throw new AuroraError("USAGE", `takes ${minRateHz} to ${maxRateHz} Hz, --rate-hz says ${rateHz}`, {
      op: "score file",
      subject,
      hint: "resample the recording, or use a bundle that was made for its rate",
    });
  }
  if (shaftRpm > 6 * rateHz) {
    throw new AuroraError("USAGE", `at ${shaftRpm} rpm a revolution has fewer than 10 samples`, {
      op: "score file",
      subject: "--shaft-rpm",
      hint: "--shaft-rpm is in revolutions a minute of the shaft that carries the bearing",
    });
  }
  return contract;
}
