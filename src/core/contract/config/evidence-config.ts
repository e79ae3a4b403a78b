/** What of raw samples may leave a gateway's site, and how much of it. Nothing, unless somebody says so. */
import { z } from "zod";
import { maxCaptureSeconds } from "../device/device-capture.ts";
import { type EvidenceKind, evidenceKinds } from "../evidence.ts";
import { onDemand } from "../on-demand.ts";

/** `evidence` of a gateway's configuration. */
export interface EvidenceConfig {
  /** What may leave the site as raw samples; empty: nothing. */
  readonly allow: readonly EvidenceKind[];
  /** Around an alarm, s; both are shortened in proportion where together they are more than the samples of the longest capture. */
  readonly secondsBefore: number;
  readonly secondsAfter: number;
  /** Length of a healthy reference, s; shorter where that is more than the samples of the longest capture. */
  readonly referenceSeconds: number;
  /** Of the rolling buffer, in memory. */
  readonly bufferBytes: number;
  /** Bytes that evidence may take of the line in a day. */
  readonly dailyBytes: number;
  /** Of evidence that waits on the disk. */
  readonly diskBytes: number;
}

export const evidenceConfigSchema: () => z.ZodType<EvidenceConfig> = onDemand(() =>
  z
    .strictObject({
      allow: z
        .array(z.enum(evidenceKinds))
        .max(evidenceKinds.length)
        .default([])
        .describe(
          "Raw samples that may leave the site: alarm (what surrounds one), reference (a healthy one a month), request (what a person asks for); empty: none",
        ),
      secondsBefore: z
        .number()
        .min(0)
        .max(30)
        .default(20)
        .describe(
          "Seconds of samples before an alarm; above 480,000 samples together with secondsAfter both are shortened in proportion",
        ),
      secondsAfter: z.number().min(0).max(10).default(10).describe("Seconds of samples after an alarm"),
      referenceSeconds: z
        .number()
        .min(1)
        .max(maxCaptureSeconds)
        .default(10)
        .describe(
          "Seconds of samples of a healthy reference; fewer where the channel's rate makes more than 480,000 samples of them",
        ),
      bufferBytes: z
        .int()
        .min(65_536)
        .max(4_294_967_296)
        .default(67_108_864)
        .describe("Memory of the rolling buffer of raw samples; there is none unless alarm is allowed"),
      dailyBytes: z
        .int()
        .min(65_536)
        .max(1e12)
        .default(20_971_520)
        .describe("Bytes of raw samples that may be sent in a day"),
      diskBytes: z
        .int()
        .min(1_048_576)
        .max(1e12)
        .default(268_435_456)
        .describe("Bytes of raw samples that may wait on the disk to be sent"),
    })
    .prefault({}),
);
