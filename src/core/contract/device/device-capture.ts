/** What is asked of a running gateway to get raw samples of a device, and what it answers; JSON over its local HTTP. */
import { z } from "zod";
import { type BearingOrders, bearingOrdersSchema } from "../bundle/bearing.ts";
import { onDemand } from "../on-demand.ts";
import type { StatedShafts } from "../stated-shafts.ts";

/** Longest capture in seconds. */
export const maxCaptureSeconds = 40;
/** Most samples of a capture: ten seconds at 48 kHz. */
export const maxCaptureSamples = 480_000;

/** The request: `POST /devices/ID/capture`. */
export interface DeviceCaptureRequest {
  readonly seconds: number;
  /** Name of the channel; null: the one that is watched, or the only one. */
  readonly channel: string | null;
  /** Take the longest run of samples without a gap, however short it is. */
  readonly partial: boolean;
}

/** What a recording is: the `.json` beside a `.npy`, as `aurora score` reads it. */
export interface RecordingAbout extends StatedShafts {
  readonly rateHz: number;
  /** Mean over the recording; left out: unknown. */
  readonly shaftRpm?: number | undefined;
  /** Slowest and fastest speed, where they differ. */
  readonly shaftRpmRange?: readonly [number, number] | undefined;
  /** Physical value = count · scale. */
  readonly scale: number;
  readonly bearing?: BearingOrders | undefined;
  readonly device: string;
  readonly channel: string;
  readonly unit: string;
  /** RFC 3339, of the first sample. */
  readonly from: string;
  /** Of the first sample, since the device's session began. */
  readonly firstSample: number;
  /** Id of the alert that it was taken for; left out: none. */
  readonly alert?: string | undefined;
}

export interface DeviceCaptureReply {
  readonly about: RecordingAbout;
  /** Samples of the recording, without a gap between them. */
  readonly samples: number;
  /** Samples that came, and gaps between them. */
  readonly receivedSamples: number;
  readonly gaps: number;
  /** The counts, int16 little-endian, in base64. */
  readonly counts: string;
}

/** Newer gateways may state more geared shafts than the configuration of this version takes. */
const mostShafts = 16;

/** Validators of {@link StatedShafts} in a description of samples. */
export function statedShaftsShape(): {
  readonly [Key in keyof StatedShafts]-?: z.ZodType<StatedShafts[Key]>;
} {
  return {
    polePairs: z.int().positive().optional(),
    gearedShafts: z.array(z.number().positive()).min(1).max(mostShafts).optional(),
  };
}

/** Where a running gateway can be asked, and the word that it wants to hear: a file in its state folder. */
export interface GatewayAccess {
  readonly url: string;
  readonly token: string;
}

export const deviceCaptureRequestSchema: () => z.ZodType<DeviceCaptureRequest> = onDemand(() =>
  z.strictObject({
    seconds: z.number().min(0.001).max(maxCaptureSeconds),
    channel: z.string().min(1).max(64).nullable().default(null),
    partial: z.boolean().default(false),
  }),
);

export const deviceCaptureReplySchema: () => z.ZodType<DeviceCaptureReply> = onDemand(() =>
  z.object({
    about: z.object({
      rateHz: z.number().positive(),
      shaftRpm: z.number().optional(),
      shaftRpmRange: z.tuple([z.number(), z.number()]).optional(),
      scale: z.number().positive(),
      bearing: bearingOrdersSchema().optional(),
      ...statedShaftsShape(),
      device: z.string(),
      channel: z.string(),
      unit: z.string(),
      from: z.string(),
      firstSample: z.int().min(0),
      alert: z.string().optional(),
    }),
    samples: z.int().min(1).max(maxCaptureSamples),
    receivedSamples: z.int().min(0),
    gaps: z.int().min(0),
    counts: z.base64(),
  }),
);

export const gatewayAccessSchema: () => z.ZodType<GatewayAccess> = onDemand(() =>
  z.object({
    url: z.string().regex(/^http:\/\/[^\s/]+$/),
    token: z.string().min(32).max(256),
  }),
);
