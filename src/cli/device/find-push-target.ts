/** What a push by hand is made of: the device that is meant, its key, and the image of a bundle whose signature was checked. */
import { checkCompatibility } from "../../core/bundle/compatibility.ts";
import { loadTrustedKeys } from "../../core/bundle/keys.ts";
import { verifyBundle } from "../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import { decodeStudent } from "../../core/inference/onnx-codec.ts";
import { installedPath } from "../../core/platform/files/installed-path.ts";
import { packageRoot } from "../../core/platform/files/package-root.ts";
import { type DeviceImage, readDeviceImage, readDeviceKey } from "../../core/serving/device-image.ts";
import { loadGatewayConfig } from "../ask/ask-gateway.ts";
import { releaseKeyFile, runtimeVersion } from "../installation.ts";

/** A device as a person names it. */
export interface PushTargetOptions {
  /** An address, or the id of a device in `config`. */
  readonly device: string;
  /** Speed of a serial line that `config` does not know. */
  readonly baud: number;
  /** File of the device's key, and configuration of the gateway that knows the device. */
  readonly key?: string;
  readonly config?: string;
}

interface PushTarget {
  readonly address: string;
  readonly baudRate: number;
  readonly key: Uint8Array;
  /** Files or folders. */
  readonly trustedKeys: readonly string[];
  /** Undefined: whoever answers. */
  readonly deviceId?: string;
}

/** @throws AuroraError USAGE for a device that the configuration does not know, or one without a key; CONFIG_INVALID. */
export async function findPushTarget(options: PushTargetOptions): Promise<PushTarget> {
  const { keyFile, ...target } = findDevice(options);
  if (keyFile !== null) return { ...target, key: await readDeviceKey(keyFile) };
  throw new AuroraError("USAGE", "the device's key is needed", {
    op: "push model to device",
    subject: options.device,
    hint: "Give --key FILE, or keyFile of the device in --config.",
  });
}

type Device = Omit<PushTarget, "key"> & { readonly keyFile: string | null };

function findDevice({ device, key, config: path, baud }: PushTargetOptions): Device {
  if (path === undefined) {
    return { address: device, baudRate: baud, keyFile: key ?? null, trustedKeys: [releaseKeyFile()] };
  }
  const config = loadGatewayConfig(path);
  const known = config.devices.find(({ id, connect }) => id === device || connect === device);
  if (known === undefined) {
    throw new AuroraError("USAGE", `"${device}" is no device of ${path}`, {
      op: "push model to device",
      subject: device,
      hint: `Known devices: ${config.devices.map(({ id }) => id).join(", ") || "none"}.`,
    });
  }
  return {
    address: known.connect === "mqtt" ? `mqtt:${known.id}` : known.connect,
    baudRate: known.baud,
    keyFile: key ?? known.keyFile,
    trustedKeys: config.bundles.trustedKeys.map((file) => installedPath(file, packageRoot())),
    deviceId: known.id,
  };
}

/** The image in the bundle at `dir`. @throws AuroraError BUNDLE_*, also where it has none. */
export async function readPushImage(dir: string, trustedKeys: readonly string[]): Promise<DeviceImage> {
  const { manifest, files } = await verifyBundle(dir, await loadTrustedKeys(trustedKeys));
  checkCompatibility(manifest, { runtimeVersion: runtimeVersion() });
  const image = await readDeviceImage(dir, manifest, decodeStudent(files.get(bundleFileNames.model)!));
  if (image === null) {
    throw new AuroraError("BUNDLE_FORMAT", `${manifest.name} ${manifest.version} has no model.mcu.bin`, {
      op: "push model to device",
      subject: dir,
      hint: "Only bundles whose features a microcontroller can compute have one.",
    });
  }
  return image;
}
