/** `aurora device capture`: raw samples of a device, through the gateway that holds it, into a file. */
import { extname } from "node:path";
import { Command } from "commander";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { gatewayConfigSchema } from "../../core/contract/config/gateway-config-schema.ts";
import { type DeviceCaptureReply, maxCaptureSeconds } from "../../core/contract/device/device-capture.ts";
import { loadYamlConfig } from "../../core/platform/daemon/yaml-config.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { encodeNpy } from "../../core/platform/files/encode-npy.ts";
import { askCapture } from "../device/ask-gateway.ts";
import { parseNumber } from "../terminal/options.ts";

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
    .requiredOption("--config <file>", "configuration of the gateway; its state folder must be readable")
    .option("--channel <name>", "channel (default: the one that is watched, or the only one)")
    .option("--partial", "take the longest run without a gap, however short it is")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
A device that infers itself (mode edge) is asked for the samples that follow; it goes on scoring. One that streams is
listened to. A line that is slower than the sensor leaves gaps: 115,200 baud carry about 5,000 samples a second.

Example:
  $ aurora device capture --device mcu-wt01 --seconds 2 --out wt01.npy --config /etc/aurora/gateway.yaml
  $ aurora score models/bearing-vibration/1.0.0 --input wt01.npy --out wt01.csv`,
    )
    .action(runDeviceCapture);
}

async function runDeviceCapture(flags: DeviceCaptureFlags): Promise<void> {
  const { device, seconds, channel = null, out, partial = false } = flags;
  if (extname(out) !== ".npy") {
    throw new AuroraError("USAGE", `${out} does not end in .npy`, {
      op: "capture raw samples",
      subject: out,
      hint: "Name a file like capture.npy; capture.json is written beside it.",
    });
  }
  const config = loadYamlConfig({
    path: flags.config,
    schema: gatewayConfigSchema,
    environment: process.env,
  });
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once("SIGINT", onSignal);
  const reply = await askCapture(config, device, { seconds, channel, partial }, stop.signal).finally(() =>
    process.off("SIGINT", onSignal),
  );
  const beside = `${out.slice(0, -".npy".length)}.json`;
  await writeFileAtomic(beside, `${JSON.stringify(reply.about, null, 2)}\n`);
  await writeFileAtomic(out, encodeNpy([readCounts(reply)]));
  const { counts: _counts, ...said } = reply;
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify({ out, sidecar: beside, ...said })}\n`
      : render(out, beside, reply),
  );
}

function readCounts({ counts, samples }: DeviceCaptureReply): Int16Array {
  const bytes = Buffer.from(counts, "base64");
  if (bytes.length !== 2 * samples) {
    throw new AuroraError("WIRE_FORMAT", `${bytes.length} bytes are not ${samples} samples`, {
      op: "capture raw samples",
    });
  }
  return Int16Array.from({ length: samples }, (_, index) => bytes.readInt16LE(2 * index));
}

function render(out: string, beside: string, { about, samples, gaps }: DeviceCaptureReply): string {
  const { rateHz, shaftRpm, shaftRpmRange, device, channel, from, bearing } = about;
  const speed = shaftRpm === undefined ? "speed unknown" : `${shaftRpm.toFixed(1)} rpm`;
  const range =
    shaftRpmRange === undefined
      ? ""
      : ` (${shaftRpmRange.map((rpm) => rpm.toFixed(1)).join(" to ")}: score takes the mean)`;
  const lost = gaps === 0 ? "" : `, the longest run between ${gaps} gaps`;
  const missing = [
    ...(shaftRpm === undefined ? ["--shaft-rpm"] : []),
    ...(bearing === undefined ? ["--bearing"] : []),
  ];
  const more = missing.length === 0 ? "" : ` (needs ${missing.join(" and ")})`;
  return `${out}: ${samples} samples (${(samples / rateHz).toFixed(2)} s at ${rateHz} Hz) of ${device} ${channel} from ${from}, ${speed}${range}${lost}
${beside}: says so to \`aurora score BUNDLE --input ${out} --out FILE.csv\`${more}
`;
}
