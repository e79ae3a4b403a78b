/** What is wrong with a source of SCADA values: a server of a field bus, or a topic of a bridge. */
import { z } from "zod";
import { type DeviceDiagnosis, deviceDiagnosisSchema } from "./device/device-diagnosis.ts";
import { onDemand } from "./on-demand.ts";
import type { ShapeOf } from "./shape-of.ts";

/**
 * What a gateway can find, worst first: no connection to the server, no answer of a unit behind it, no value of a channel, values
 * that come more rarely than they should (polls that take longer than they are apart, a server that looks more rarely), and a clock that differs from the gateway's.
 */
export const sourceDiagnosisCodes = ["no-connection", "no-answer", "no-value", "slow-poll", "clock"] as const;

export type SourceDiagnosisCode = (typeof sourceDiagnosisCodes)[number];

/** One thing that is wrong with a source now, as the source itself finds it. */
export interface SourceFault {
  readonly code: SourceDiagnosisCode;
  /** Whose values are concerned; null: those of all its turbines. */
  readonly turbine: string | null;
  /** What is at fault: the connection, a unit, a register or node. */
  readonly subject: string;
  readonly detail: string;
  readonly cure: string;
}

/** A source that something is wrong with, and what. */
export interface DiagnosedSource {
  /** Address without secrets, or topic. */
  readonly source: string;
  /** Worst first. */
  readonly diagnoses: readonly DeviceDiagnosis[];
}

/** Longer names of sources are cut off. */
export const maxSourceName = 256;

/** Validator of {@link DiagnosedSource}. */
export const diagnosedSourceSchema: () => z.ZodType<DiagnosedSource> = onDemand(() =>
  z.object({
    source: z.string().max(maxSourceName),
    diagnoses: z.array(deviceDiagnosisSchema()).max(64),
  } satisfies ShapeOf<DiagnosedSource>),
);
