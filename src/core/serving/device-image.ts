/** What a device is given a model with: the image of a bundle, probes that prove it on the device, and the device's key. */
import { join } from "node:path";
import { decodeGolden } from "../bundle/golden.ts";
import { AuroraError, systemCodeOf } from "../contract/aurora-error.ts";
import { bundleFileNames, type Manifest, mcuModelFileName } from "../contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../contract/bundle/quantised-mlp.ts";
import { quantiseInputs } from "../inference/integer-engine.ts";
import { computeSecurityCounter } from "../inference/mcu-codec.ts";
import { readFileBounded } from "../platform/files/bounded-read.ts";
import { parseHexKey } from "../platform/files/read-hex-key.ts";
import { sha256Hex } from "../platform/files/sha256.ts";

/** An image with its probes, as a push of the firmware bridge takes them. */
export interface DeviceImage {
  readonly image: {
    readonly name: string;
    readonly version: string;
    readonly securityCounter: number;
    /** Of `model.mcu.bin`. */
    readonly bytes: Uint8Array;
  };
  /** Of the image's bytes, in lower-case hex. */
  readonly sha256: string;
  /** Inputs of the student on its quantised grid, and the integers that it must give. */
  readonly probes: readonly { readonly inputs: Uint8Array; readonly outputs: Uint8Array }[];
}

/** Golden vectors that are tried on a device: a trial lasts a minute at most, and the line may be slow. */
const maxProbes = 256;
/** Of a device's key. */
const deviceKeyBytes = 32;
/** Digits with a line end and some white space are fewer. */
const maxKeyFileBytes = 4096;

/**
 * Reads the image of a bundle that was verified before; null when the bundle has none. What is read is held against
 * the manifest again.
 * @throws AuroraError BUNDLE_DIGEST when a file is missing or not the one that was verified, DATA_MISSING when it cannot
 * be read.
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

/**
 * The key by which a device knows its gateway's models: 64 hexadecimal digits in a file of its own, or the 32 bytes.
 * Never logged.
 * @throws AuroraError CONFIG_INVALID when there is no such file, it cannot be read, or holds something else.
 */
export async function readDeviceKey(path: string): Promise<Uint8Array> {
  const op = "read device key";
  const hint = "A device key is 64 hexadecimal digits, or 32 bytes.";
  const bytes = await readFileBounded(path, maxKeyFileBytes, {
    missing: "CONFIG_INVALID",
    tooLarge: "CONFIG_INVALID",
    op,
    hint,
  }).catch((error: Error) => {
    const code = readFailure(error);
    if (code === undefined) throw error;
    throw new AuroraError("CONFIG_INVALID", error.message, {
      op,
      subject: path,
      hint:
        code === "ENOENT"
          ? "Write 64 hexadecimal digits to it, the same that the device was flashed with."
          : "It must be a file that this user may read.",
      cause: error,
    });
  });
  if (bytes.length === deviceKeyBytes) return bytes;
  const key = parseHexKey(Buffer.from(bytes).toString("latin1"));
  if (key !== null) return key;
  throw new AuroraError("CONFIG_INVALID", `${path} holds no device key`, { op, subject: path, hint });
}

/** A file that cannot be read is not one that was changed: only what is missing or other than stated is damage. */
async function readVerified(dir: string, manifest: Manifest, name: string): Promise<Uint8Array> {
  const stated = manifest.files.find((file) => file.path === name);
  const path = join(dir, name);
  const op = "read model for device";
  const refuse = (message: string, cause?: unknown): AuroraError =>
    new AuroraError("BUNDLE_DIGEST", message, {
      op,
      subject: path,
      hint: "Something changes files of an installed bundle; install it anew.",
      cause,
    });
  const bytes = await readFileBounded(path, stated?.sizeBytes ?? 0, { tooLarge: "BUNDLE_DIGEST", op }).catch(
    (error: unknown) => {
      throw readFailure(error) === "ENOENT" ? refuse(`${name} is missing`, error) : error;
    },
  );
  if (stated?.sha256 !== sha256Hex(bytes)) throw refuse(`${name} is not the file that was verified`);
  return bytes;
}

/** Why the system did not let a file be read (`ENOENT`, `EACCES`, …); undefined when it did. */
function readFailure(error: unknown): string | undefined {
  return systemCodeOf((error as Error).cause);
}
