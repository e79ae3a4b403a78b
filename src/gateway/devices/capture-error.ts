/** Why raw samples of a device cannot be had. */
import { AuroraError } from "../../core/contract/aurora-error.ts";

/** The error, with the hint of its code where none is given. */
export function createCaptureError(
  code: "USAGE" | "DEVICE_BUSY" | "DEVICE_CAPTURE" | "DEVICE_UNREACHABLE",
  deviceId: string,
  message: string,
  hint?: string,
): AuroraError {
  const details = { op: "capture raw samples", subject: deviceId };
  return new AuroraError(code, message, hint === undefined ? details : { ...details, hint });
}
