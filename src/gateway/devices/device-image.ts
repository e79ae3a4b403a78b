/** What a bundle has for a microcontroller: the image, and probes that prove it on the device. */
import { join } from "node:path";
import type { ModelImage, ModelProbe } from "../../../firmware-bridge/model-push-options.ts";
import { decodeGolden } from "../../core/bundle/golden.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { bundleFileNames, type Manifest, mcuModelFileName } from "../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import { quantiseInputs } from "../../core/inference/integer-engine.ts";
import { computeSecurityCounter } from "../../core/inference/mcu-codec.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";

/** An image with its probes. */
export interface DeviceImage {
  readonly image: ModelImage;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly probes: readonly ModelProbe[];
}

/** Golden vectors that are tried on a device: a trial lasts a minute at most, and the line may be slow. */
const maxProbes = 256;

/**
 * Reads the image of a bundle that was verified before; null when the bundle has none. What is read is held against
 * the manifest again.
 * @throws AuroraError BUNDLE_DIGEST when a file is not the one that was verified.
 */
export async function readDeviceImage(
  dir: string,
  manifest: Manifest,
  student: QuantisedMlp,
): Promise<DeviceImage | null> {
  if (!manifest.files.some(({ path }) => path === mcuModelFileName)) return null;
  const bytes = await readVerified(dir, manifest, mcuModelFileName);
  const golden = decodeGolden(await readVerified(dir, manifest, bundleFileNames.golden));
  const step = Math.max(1, Math.ceil(golden.cases.length / maxProbes));
  return {
    image: {
      name: manifest.name,
      version: manifest.version,
      securityCounter: computeSecurityCounter(manifest.version),
      bytes,
    },
    sha256: sha256Hex(bytes),
    probes: golden.cases
      .filter((_, index) => index % step === 0)
      .map(({ standardised, logits }) => ({
        inputs: quantiseInputs(student, standardised),
        outputs: logits,
      })),
  };
}

async function readVerified(dir: string, manifest: Manifest, path: string): Promise<Uint8Array> {
  const stated = manifest.files.find((file) => file.path === path);
  const about = {
    op: "read model for device",
    hint: "Something changes files of an installed bundle; install it anew.",
  };
  const bytes = await readFileBounded(join(dir, path), stated?.sizeBytes ?? 0, {
    missing: "BUNDLE_DIGEST",
    tooLarge: "BUNDLE_DIGEST",
    ...about,
  });
  if (stated?.sha256 !== sha256Hex(bytes)) {
    throw new AuroraError("BUNDLE_DIGEST", `${path} is not the file that was verified`, {
      ...about,
      subject: join(dir, path),
    });
  }
  return bytes;
}
