/** Raw samples of a device as files that `aurora score` reads: the counts as .npy, and what is known of them beside it. */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { DeviceCaptureReply } from "../../core/contract/device/device-capture.ts";
import { writeOutputFile } from "../../core/platform/files/atomic-file.ts";
import { encodeNpy } from "../../core/platform/files/encode-npy.ts";
import { renderScoreCall } from "../terminal/render-score-call.ts";

/** Writes both files; returns the path of the one beside. Fails with WIRE_FORMAT when the counts are not as many as told. */
export async function writeCapture(out: string, reply: DeviceCaptureReply): Promise<string> {
  const beside = `${out.slice(0, -".npy".length)}.json`;
  await writeOutputFile(beside, `${JSON.stringify(reply.about, null, 2)}\n`);
  await writeOutputFile(out, encodeNpy([readCounts(reply)]));
  return beside;
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

/** Both files in words: how much of what, and what `aurora score` still has to be told. */
export function renderCapture(
  out: string,
  beside: string,
  { about, samples, gaps }: DeviceCaptureReply,
): string {
  const { rateHz, shaftRpm, shaftRpmRange, device, channel, from } = about;
  const speed = shaftRpm === undefined ? "speed unknown" : `${shaftRpm.toFixed(1)} rpm`;
  const range =
    shaftRpmRange === undefined
      ? ""
      : ` (${shaftRpmRange.map((rpm) => rpm.toFixed(1)).join(" to ")}: score takes the mean)`;
  const lost = gaps === 0 ? "" : `, the longest run between ${gaps} gaps`;
  return `${out}: ${samples} samples (${(samples / rateHz).toFixed(2)} s at ${rateHz} Hz) of ${device} ${channel} from ${from}, ${speed}${range}${lost}
${beside}: says so to ${renderScoreCall(out, about)}
`;
}
