/** What a collector's API says of raw evidence, for its server and for whoever asks it. */
import { z } from "zod";
import { sha256Pattern } from "./bundle/plain-name.ts";
import { type EvidenceKind, type EvidenceVerdict, evidenceKinds } from "./evidence.ts";
import { onDemand } from "./on-demand.ts";
import type { ShapeOf } from "./shape-of.ts";
import type { PointId } from "./stream.ts";

/** One piece of evidence that a collector keeps. All times are epoch milliseconds. */
export interface RecordedEvidence extends PointId {
  /** Digest of its description, and the name of its files. */
  readonly id: string;
  readonly kind: EvidenceKind;
  readonly gateway: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** By the collector's clock. */
  readonly storedMs: number;
  readonly samples: number;
  /** Of its files together. */
  readonly bytes: number;
  /** SHA-256 of the `.npy`. */
  readonly npySha256: string;
  readonly model: { readonly name: string; readonly version: string; readonly digest: string };
  readonly said: EvidenceVerdict;
  /** Id of the alert that it surrounds, or null. */
  readonly alert: string | null;
  /** Id of the request that it answers, or null. */
  readonly request: string | null;
}

/** Which of it; what is left out is any. */
export interface EvidenceFilter {
  readonly site?: string | undefined;
  readonly turbine?: string | undefined;
  readonly component?: string | undefined;
  readonly kind?: EvidenceKind | undefined;
  /** What surrounds this alert alone. */
  readonly alert?: string | undefined;
  /** What answers this request alone. */
  readonly request?: string | undefined;
}

/** Answer of `/api/v1/evidence`. */
export interface EvidenceListReply {
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
  readonly items: readonly RecordedEvidence[];
}

/** Answer of `POST /api/v1/evidence/requests`. */
export interface EvidenceRequestReply {
  /** Id of the request, which what comes bears. */
  readonly request: string;
  readonly gateway: string;
  /**
   * Its last state names the component among those that it watches, if by SCADA values alone, of which there are no raw samples. Absent:
   * the state names none, and it is not known whether it does.
   */
  readonly isWatched?: true | undefined;
  /** Where what comes is listed, and where a refusal of the gateway is. */
  readonly samples: string;
  readonly refusal: string;
}

const timeMs = z.number().describe("Epoch milliseconds");
const digest = z.string().regex(sha256Pattern).describe("SHA-256, lower-case hexadecimal");

export const evidenceListSchema: () => z.ZodType<EvidenceListReply> = onDemand(() =>
  z.object({
    total: z.int().min(0),
    limit: z.int(),
    offset: z.int(),
    items: z.array(
      z.object({
        id: digest.describe("Digest of its description, which holds that of its samples"),
        kind: z.enum(evidenceKinds),
        gateway: z.string(),
        site: z.string(),
        turbine: z.string(),
        component: z.string(),
        fromMs: timeMs,
        toMs: timeMs,
        storedMs: timeMs,
        samples: z.int(),
        bytes: z.int(),
        npySha256: digest,
        model: z.object({ name: z.string(), version: z.string(), digest: z.string() }),
        said: z
          .object({
            verdict: z.enum(["alarm", "healthy", "no-alarm"]),
            failureModes: z.array(z.string()),
            probability: z.number().min(0).max(1).nullable(),
          })
          .describe("What the model said when it was taken"),
        alert: z.string().nullable().describe("Id of the alert that it surrounds"),
        request: z.string().nullable().describe("Id of the request that it answers"),
      }),
    ),
  } satisfies ShapeOf<EvidenceListReply>),
);

export const evidenceRequestReplySchema: () => z.ZodType<EvidenceRequestReply> = onDemand(() =>
  z.object({
    request: z.string().min(1).max(128),
    gateway: z.string(),
    isWatched: z.literal(true).optional(),
    samples: z.string(),
    refusal: z.string(),
  } satisfies ShapeOf<EvidenceRequestReply>),
);
