/**
 * Raw evidence: a recording of a machine that left its site with permission, and all that is known of it. Its id is the
 * digest of this description, which holds the digest of the samples: whoever has the id can check both.
 */
import { z } from "zod";
import { maxFailureModes } from "./alert.ts";
import { bearingOrdersSchema } from "./bundle/bearing.ts";
import { sha256Pattern } from "./bundle/plain-name.ts";
import {
  maxCaptureSamples,
  maxCaptureSeconds,
  type RecordingAbout,
  statedShaftsShape,
} from "./device/device-capture.ts";
import { onDemand } from "./on-demand.ts";
import type { ShapeOf } from "./shape-of.ts";
import type { PointId } from "./stream.ts";
import { idPattern } from "./topics.ts";

/** Why it was taken: around an alarm, as a healthy reference, or because a person asked. */
export const evidenceKinds = ["alarm", "reference", "request"] as const;

export type EvidenceKind = (typeof evidenceKinds)[number];

/** What the machine's model said when it was taken. */
export interface EvidenceVerdict {
  /** `alarm`: of these failure modes one was raised; `healthy`: known to be in operation without any; `no-alarm`: nothing stood. */
  readonly verdict: "alarm" | "healthy" | "no-alarm";
  readonly failureModes: readonly string[];
  /** Of the first failure mode, 0 to 1; null: not known. */
  readonly probability: number | null;
}

/** Speeds at moments of a recording; between two it goes evenly. */
export interface EvidenceSpeed {
  /** Above 0, not always a whole number. */
  readonly everySamples: number;
  /** rpm of the first sample, and of each so many further on, the last at the end or behind it; 0: the shaft stands. */
  readonly rpm: readonly number[];
}

/** What is known of evidence beside the recording itself. */
export interface EvidenceFacts extends PointId {
  readonly version: 1;
  readonly kind: EvidenceKind;
  readonly gateway: string;
  /** Id of the request that it answers; left out: none. */
  readonly request?: string | undefined;
  /** RFC 3339, after the last sample. */
  readonly to: string;
  readonly samples: number;
  /** How the shaft's speed goes, where it is known and changes; older gateways leave it out. */
  readonly speed?: EvidenceSpeed | undefined;
  readonly model: { readonly name: string; readonly version: string; readonly digest: string };
  readonly said: EvidenceVerdict;
  /** SHA-256 of the `.npy`, lower-case hex. */
  readonly npySha256: string;
  /** How the samples travel. */
  readonly packed: { readonly codec: "split-brotli"; readonly bytes: number; readonly sha256: string };
}

/** The `.json` beside a `.npy` of evidence, which `aurora score` reads as that of any recording. */
export interface EvidenceAbout extends RecordingAbout {
  readonly evidence: EvidenceFacts;
}

/** Largest description, in bytes of UTF-8. */
export const maxAboutBytes = 4_096;
/** Most bytes that the samples of one piece of evidence travel in: what does not compress grows a little. */
export const maxPackedBytes: number = 2 * maxCaptureSamples + 4_096;
/** Most bytes of samples in one piece. */
export const maxPieceBytes = 65_536;

const id = z.string().regex(idPattern);
const digest = z.string().regex(sha256Pattern);
/** No database takes a NUL. */
const words = z
  .string()
  .min(1)
  .refine((text) => !text.includes("\u0000"), "holds a NUL character");
const name = words.max(256);
const time = z.iso.datetime({ offset: true });

/** Validator of {@link EvidenceAbout}; unknown fields are accepted and dropped. */
export const evidenceAboutSchema: () => z.ZodType<EvidenceAbout> = onDemand(() =>
  z.object({
    rateHz: z.number().positive().max(1e7),
    shaftRpm: z.number().optional(),
    shaftRpmRange: z.tuple([z.number(), z.number()]).optional(),
    scale: z.number().positive(),
    bearing: bearingOrdersSchema().optional(),
    ...statedShaftsShape(),
    device: id,
    channel: words.max(64),
    unit: words.max(32),
    from: time,
    firstSample: z.int().min(0),
    alert: words.max(512).optional(),
    evidence: z.object({
      version: z.literal(1),
      kind: z.enum(evidenceKinds),
      gateway: id,
      site: id,
      turbine: id,
      component: id,
      request: id.optional(),
      to: time,
      samples: z.int().min(1).max(maxCaptureSamples),
      speed: z
        .object({ everySamples: z.number().positive(), rpm: z.array(z.number().min(0)).min(1).max(256) })
        .optional(),
      model: z.object({ name, version: name, digest: name }),
      said: z.object({
        verdict: z.enum(["alarm", "healthy", "no-alarm"]),
        failureModes: z.array(name).max(maxFailureModes),
        probability: z.number().min(0).max(1).nullable(),
      }),
      npySha256: digest,
      packed: z.object({
        codec: z.literal("split-brotli"),
        bytes: z.int().min(1).max(maxPackedBytes),
        sha256: digest,
      }),
    }),
  } satisfies ShapeOf<EvidenceAbout>),
);

/** What the collector says of evidence that it is sent. */
export interface EvidenceReceipt {
  readonly type: "receipt";
  readonly id: string;
  /** `partial`: it has so many bytes and waits for the next; `stored`; `refused`: it will never take it. */
  readonly state: "partial" | "stored" | "refused";
  /** Bytes of the packed samples that it holds. */
  readonly have: number;
  /** Why it was refused, or an empty text. */
  readonly reason: string;
  readonly mac?: string | undefined;
}

/** What a person asks a gateway for. */
export interface EvidenceRequest {
  readonly type: "request";
  readonly id: string;
  readonly gateway: string;
  readonly turbine: string;
  readonly component: string;
  readonly seconds: number;
  /** Epoch ms by the collector's clock. */
  readonly askedMs: number;
  readonly mac?: string | undefined;
}

/** What the collector says to a gateway on its evidence topic; with the code of their enrolment (`mac`, hex) where they have a key. */
export type EvidenceOrder = EvidenceReceipt | EvidenceRequest;

const mac = z.string().regex(sha256Pattern);

export const evidenceOrderSchema: () => z.ZodType<EvidenceOrder> = onDemand(() =>
  z.discriminatedUnion("type", [
    z.object({
      type: z.literal("receipt"),
      id: digest,
      state: z.enum(["partial", "stored", "refused"]),
      have: z.int().min(0).max(maxPackedBytes),
      reason: z.string().max(512),
      mac: mac.optional(),
    }),
    z.object({
      type: z.literal("request"),
      id,
      gateway: id,
      turbine: id,
      component: id,
      seconds: z.number().min(0.1).max(maxCaptureSeconds),
      askedMs: z.number().min(0).max(8.64e15),
      mac: mac.optional(),
    }),
  ]),
);
