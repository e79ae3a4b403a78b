/** What is wrong with a device, told apart by a code: one sentence with its figures, and what to do about it. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";

/** What a gateway can find, worst first. */
export const diagnosisCodes = [
  "no-contact",
  "refused",
  "two-devices",
  "restarts",
  "connection-ends",
  "breaks-protocol",
  "not-configured",
  "hello-again",
  "wrong-channel",
  "model-push",
  "no-model",
  "no-scores",
  "silent",
  "set-aside",
  "speed",
  "not-a-number",
  "no-vibration",
  "coarse",
  "clipped",
  "level",
  "clock",
  "clock-drift",
  "rate",
  "frames-twice",
  "samples-again",
  "frames-out-of-order",
  "frames-damaged",
  "frames-lost",
  "samples-missing",
] as const;

export type DiagnosisCode = (typeof diagnosisCodes)[number];

/** A finding that holds now. */
export interface DeviceDiagnosis {
  /** One of {@link diagnosisCodes}; a newer gateway may know others. */
  readonly code: string;
  /** For example `clock is 2 h ahead; time of arrival is used`. */
  readonly text: string;
  readonly cure: string;
  /** It only asks: what is said of the machine may be right all the same, and stands. */
  readonly isQuestion?: true | undefined;
  /** Since when it holds, epoch ms by the gateway's clock. */
  readonly sinceMs: number;
}

/** The devices of a turbine, or of a gateway, that something is wrong with. */
export interface DiagnosedDevice {
  readonly device: string;
  /** Worst first. */
  readonly diagnoses: readonly DeviceDiagnosis[];
}

/** With one of these nothing is scored, what is scored may be of another machine, or the machine does not stand by as its speed says. */
const unfitCodes: readonly DiagnosisCode[] = ["two-devices", "no-model", "speed"];

/** While one of these holds nothing is heard that its speed could be doubted by. */
const unheardCodes: readonly string[] = ["no-contact", "silent"];

/** Why a device says nothing of its machine now, worst first; null: nothing that was found speaks against it. */
export function findUnfit(devices: readonly DiagnosedDevice[], deviceId: string): DeviceDiagnosis | null {
  const isUnheard = findDiagnosis(devices, deviceId, ({ code }) => unheardCodes.includes(code)) !== null;
  return findDiagnosis(devices, deviceId, ({ code, isQuestion }) => {
    if (code === "speed" && (isQuestion === true || isUnheard)) return false;
    return unfitCodes.some((unfit) => unfit === code);
  });
}

/** What was found of an id that two devices use, whose data are of two machines; null: that was not found. */
export function findSharedId(devices: readonly DiagnosedDevice[], deviceId: string): string | null {
  return findDiagnosis(devices, deviceId, ({ code }) => code === "two-devices")?.text ?? null;
}

/** The worst of a device's diagnoses that is such a one. */
function findDiagnosis(
  devices: readonly DiagnosedDevice[],
  deviceId: string,
  isSuch: (diagnosis: DeviceDiagnosis) => boolean,
): DeviceDiagnosis | null {
  const diagnoses = devices.find(({ device }) => device === deviceId)?.diagnoses ?? [];
  return diagnoses.find(isSuch) ?? null;
}

/** Names and details come from devices, and may be of any length. */
export const maxDiagnosisText = 1024;

/** Validator of {@link DeviceDiagnosis}. */
export const deviceDiagnosisSchema: () => z.ZodType<DeviceDiagnosis> = onDemand(() =>
  z.object({
    code: z.string().max(64),
    text: z.string().max(maxDiagnosisText),
    cure: z.string().max(maxDiagnosisText),
    isQuestion: z.literal(true).optional().describe("It only asks: what is said of the machine stands"),
    sinceMs: z.number().min(0).max(8.64e15),
  }),
);
