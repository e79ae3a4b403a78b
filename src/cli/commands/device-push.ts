/** `aurora device push`: gives a device a bundle's model, tries the golden vectors on it, and confirms. */
import { join } from "node:path";
import { Command } from "commander";
import { checkCompatibility } from "../../core/bundle/compatibility.ts";
import { loadTrustedKeys } from "../../core/bundle/keys.ts";
import { verifyBundle } from "../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import { gatewayConfigSchema } from "../../core/contract/config/gateway-config-schema.ts";
import { decodeStudent } from "../../core/inference/onnx-codec.ts";
import { loadYamlConfig } from "../../core/platform/daemon/yaml-config.ts";
import { installedPath } from "../../core/platform/files/installed-path.ts";
import { packageRoot } from "../../core/platform/files/package-root.ts";
import { type DeviceImage, readDeviceImage, readDeviceKey } from "../../gateway/devices/device-image.ts";
import { type DevicePushReport, pushToDevice } from "../device/push-to-device.ts";
import { runtimeVersion } from "../terminal/installation.ts";
import { parseInteger } from "../terminal/options.ts";

interface DevicePushFlags {
  readonly device: string;
  readonly key?: string;
  readonly config?: string;
  readonly baud: number;
  readonly keys?: string[];
  readonly json?: boolean;
}

/** Builds the command `push`, to be put under `aurora device`. */
export function devicePushCommand(): Command {
  return new Command("push")
    .description("give a device the model of a bundle, try its golden vectors there, and confirm it")
    .argument("<bundle>", "the bundle's folder; its signature is checked here, its key by the device")
    .requiredOption(
      "--device <address>",
      "tcp://host:port, a serial path, or the id of a device in --config; no gateway may hold it meanwhile",
    )
    .option("--key <file>", "the device's key: 64 hexadecimal digits, or 32 bytes; default: that of --config")
    .option("--config <file>", "gateway configuration that knows the device")
    .option("--baud <rate>", "speed of a serial line", parseInteger(1_200, 12_000_000), 115_200)
    .option(
      "--keys <path...>",
      "trusted public keys, files or folders (default: those of --config, or the release key of this installation)",
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
A push that was cut off goes on where it was. The device keeps its model until the new one has given every golden
integer; it refuses an older model, and one of somebody with another key.

Examples:
  $ aurora device push models/bearing-vibration/1.0.0 --device /dev/ttyACM0 --key mcu-1.key
  $ aurora device push models/bearing-vibration/1.0.0 --device mcu-wt01 --config /etc/aurora/gateway.yaml`,
    )
    .action(runDevicePush);
}

async function runDevicePush(dir: string, flags: DevicePushFlags): Promise<void> {
  const target = findTarget(flags);
  if (target.keyFile === null) {
    throw new AuroraError("USAGE", "the device's key is needed", {
      op: "push model to device",
      subject: flags.device,
      hint: "Give --key FILE, or keyFile of the device in --config.",
    });
  }
  const key = await readDeviceKey(target.keyFile);
  const image = await readImage(dir, flags.keys ?? target.trustedKeys);
  const isTerminal = process.stderr.isTTY === true;
  const report = await pushToDevice({
    address: target.address,
    baudRate: target.baud,
    ...(target.deviceId === undefined ? {} : { deviceId: target.deviceId }),
    image,
    key,
    runtimeVersion: runtimeVersion(),
    onProgress: (stage, confirmed, size) => {
      if (isTerminal) process.stderr.write(`\r${renderProgress(stage, confirmed, size)}`);
    },
    onNotice: (text) => process.stderr.write(`${isTerminal ? "\r" : ""}${text}\n`),
  });
  if (isTerminal) process.stderr.write("\n");
  process.stdout.write(flags.json === true ? `${JSON.stringify(report)}\n` : renderReport(report));
  if (report.outcome !== "confirmed" && report.outcome !== "already-runs") process.exitCode = 1;
}

interface Target {
  readonly address: string;
  readonly baud: number;
  readonly keyFile: string | null;
  /** Files or folders. */
  readonly trustedKeys: readonly string[];
  readonly deviceId?: string;
}

function findTarget({ device, key, config: path, baud }: DevicePushFlags): Target {
  if (path === undefined) {
    const trustedKeys = [join(packageRoot(), "models", "release.pub")];
    return { address: device, baud, keyFile: key ?? null, trustedKeys };
  }
  const config = loadYamlConfig({ path, schema: gatewayConfigSchema, environment: process.env });
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
    baud: known.baud,
    keyFile: key ?? known.keyFile,
    trustedKeys: config.bundles.trustedKeys.map((file) => installedPath(file, packageRoot())),
    deviceId: known.id,
  };
}

async function readImage(dir: string, trustedKeys: readonly string[]): Promise<DeviceImage> {
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

function renderProgress(stage: string, confirmed: number, size: number): string {
  const width = 30;
  const filled = Math.round((width * confirmed) / size);
  return `${"#".repeat(filled)}${"-".repeat(width - filled)} ${confirmed} of ${size} bytes, ${stage}   `;
}

function renderReport(report: DevicePushReport): string {
  const { outcome, reason, deviceId, from, version, sentBytes, probes, durationMs } = report;
  const who = deviceId ?? "the device";
  const seconds = (durationMs / 1000).toFixed(1);
  switch (outcome) {
    case "confirmed":
      return `${who} runs ${version}${from === null ? "" : ` instead of ${from}`}: ${sentBytes} bytes in ${seconds} s, ${probes} golden vectors right.\n`;
    case "already-runs":
      return `${who} runs ${version} already.\n`;
    case "refused":
      return `${who} refused ${version}: ${reason}.\n`;
    case "reverted":
      return `${who} went back to ${from ?? "no model"}: ${reason}.\n`;
    case "failed":
      return `${version} could not be pushed to ${who}: ${reason}. A new attempt goes on where this one ended.\n`;
  }
}
