/** `aurora device push`: gives a device a bundle's model, tries the golden vectors on it, and confirms. */
import { Command } from "commander";
import { printable } from "../../core/platform/printable.ts";
import { findPushTarget, type PushTargetOptions, readPushImage } from "../device/find-push-target.ts";
import { pushToDevice, renderPushProgress, renderPushReport } from "../device/push-to-device.ts";
import { runtimeVersion } from "../installation.ts";
import { baudOption } from "../terminal/options.ts";
import { printReply } from "../terminal/print-reply.ts";

interface DevicePushFlags extends PushTargetOptions {
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
    .option("-c, --config <file>", "gateway configuration that knows the device")
    .addOption(baudOption())
    .option(
      "--keys <path...>",
      "trusted public keys, files or folders (default: those of --config, or the release key of this installation)",
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
A push that was cut off goes on where it was. The device keeps its model until the new one has given
every golden integer; it refuses an older model, and one of somebody with another key.

Examples:
  $ aurora device push models/bearing-vibration/1.0.0 --device /dev/ttyACM0 --key mcu-1.key
  $ aurora device push models/bearing-vibration/1.0.0 --device mcu-wt01 \\
      --config /etc/aurora/gateway.yaml`,
    )
    .action(runDevicePush);
}

async function runDevicePush(dir: string, flags: DevicePushFlags): Promise<void> {
  const { trustedKeys, ...target } = await findPushTarget(flags);
  const image = await readPushImage(dir, flags.keys ?? trustedKeys);
  const isTerminal = process.stderr.isTTY === true;
  let noticed = "";
  const report = await pushToDevice({
    ...target,
    image,
    runtimeVersion: runtimeVersion(),
    onProgress: (stage, confirmed, size) => {
      if (isTerminal) process.stderr.write(`\r${renderPushProgress(stage, confirmed, size)}`);
    },
    onNotice: (text) => {
      if (text === noticed) return;
      noticed = text;
      process.stderr.write(`${isTerminal ? "\r" : ""}warning: ${printable(text)}\n`);
    },
  });
  if (isTerminal) process.stderr.write("\n");
  printReply(flags.json, report, () => renderPushReport(report));
  if (report.outcome !== "confirmed" && report.outcome !== "already-runs") process.exitCode = 1;
}
