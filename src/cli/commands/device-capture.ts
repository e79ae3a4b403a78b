/** `aurora device capture`: raw samples of a device, through the gateway that holds it, into a file. */
import { Command } from "commander";
import { maxCaptureSeconds } from "../../core/contract/device/device-capture.ts";
import { askCapture, loadGatewayConfig } from "../ask/ask-gateway.ts";
import { renderCapture, writeCapture } from "../device/write-capture.ts";
import { expectNpyName, gatewayConfigOption, parseNumber } from "../terminal/options.ts";
import { printReply } from "../terminal/print-reply.ts";

interface DeviceCaptureFlags {
  readonly device: string;
  readonly seconds: number;
  readonly channel?: string;
  readonly out: string;
  readonly config: string;
  readonly partial?: boolean;
  readonly json?: boolean;
}

/** Builds the command `capture`, to be put under `aurora device`. */
export function deviceCaptureCommand(): Command {
  return new Command("capture")
    .description("record raw samples of a device through the running gateway, for `aurora score`")
    .requiredOption("--device <id>", "id of the device")
    .requiredOption("--seconds <n>", "seconds to record", parseNumber(0.001, maxCaptureSeconds))
    .requiredOption(
      "--out <file.npy>",
      "where the counts go; a .json beside it holds rate, scale, speed and bearing",
    )
    .addOption(gatewayConfigOption())
    .option("--channel <name>", "channel (default: the one that is watched, or the only one)")
    .option("--partial", "take the longest run without a gap, however short it is")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
A device that infers itself (mode edge) is asked for the samples that follow; it goes on scoring.
One that streams is listened to. A line that is slower than the sensor leaves gaps: 115,200 baud
carry about 5,000 samples a second.

Example:
  $ aurora device capture --device mcu-wt01 --seconds 2 --out wt01.npy
  $ aurora score models/bearing-vibration/1.0.0 --input wt01.npy --out wt01.csv`,
    )
    .action(runDeviceCapture);
}

async function runDeviceCapture(flags: DeviceCaptureFlags): Promise<void> {
  const { device: deviceId, seconds, channel = null, out, partial = false } = flags;
  expectNpyName(out, "capture raw samples");
  const config = loadGatewayConfig(flags.config);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once("SIGINT", onSignal);
  const { signal } = stop;
  const reply = await askCapture(config, { deviceId, seconds, channel, partial, signal }).finally(() =>
    process.off("SIGINT", onSignal),
  );
  const beside = await writeCapture(out, reply);
  const { counts: _counts, ...said } = reply;
  printReply(flags.json, { out, sidecar: beside, ...said }, () => renderCapture(out, beside, reply));
}
