/**
 * What a spectrum shows of an alert's failure mode, as data and as one sentence: the lines that the fault would make, how
 * far each stands out, and what speaks against it. Says nothing of how the model weighed them: that is the explanation.
 */
import { z } from "zod";
import { onDemand } from "./on-demand.ts";
import type { ShapeOf } from "./shape-of.ts";

/** What a line's order is a multiple of, and what a pair of side bands is spaced by. */
export const lineOrders = ["bpfo", "bpfi", "bsf", "ftf", "shaft"] as const;

/** One of {@link lineOrders}. */
export type LineOrder = (typeof lineOrders)[number];

/** One line that the fault would make (or a pair of side bands, as one), over the windows of the evidence. */
export interface EvidenceLine {
  /** The feature that it was read from. */
  readonly name: string;
  readonly kind: "harmonic" | "side-band";
  /** Of the fault's order; of side bands: the harmonic that they stand beside. */
  readonly harmonic: number;
  /** What side bands are spaced by. */
  readonly spacing?: LineOrder | undefined;
  /** Multiple of the shaft's speed; of side bands: that of their centre. */
  readonly order: number;
  /** `order` at the middle one of the windows' speeds (of an even number the lower one); the line itself stands within the share of it in which it is looked for. */
  readonly hertz: number;
  /** Where it was found in the middle one of the windows, and the same in hertz at the speed of `hertz`; of a line that keeps its hertz, or is hum, the middle one of those. Absent: not found, or not known, as of windows that a device scored. */
  readonly measuredOrder?: number | undefined;
  readonly measuredHertz?: number | undefined;
  /** 20 lg(peak / median around it), mean of the windows; of side bands: mean of both. */
  readonly dbAboveNeighbours: number;
  /** What noise alone shows there: the highest of as many bins as were searched. */
  readonly noiseDb: number;
  /** dB above this machine's own healthy median; null while that is not known. */
  readonly dbAboveHealthy: number | null;
  /** Stands further out than noise would. */
  readonly isFound: boolean;
}

/** How many of the lines that were looked for were found. */
export interface LineCount {
  readonly found: number;
  readonly of: number;
}

/** The smallest and the largest of the windows. */
export interface EvidenceRange {
  readonly min: number;
  readonly max: number;
}

/** The evidence of one failure mode. */
export interface PhysicalEvidence {
  /** Windows that it is the mean of. */
  readonly windows: number;
  /** The band of a fast sensor whose envelope shows the fault's lines most; absent: the sensor has one. */
  readonly band?: "lower" | "upper" | undefined;
  /** Beginning of the alarm, RFC 3339; absent: the evidence is of a recording. */
  readonly since?: string | undefined;
  readonly speedRpm: EvidenceRange;
  /** Absent where no power was read. */
  readonly loadKw?: EvidenceRange | undefined;
  /** In the order of the bundle's features; those that were not found, too. */
  readonly lines: readonly EvidenceLine[];
  readonly harmonics: LineCount;
  readonly sideBands: LineCount;
  /**
   * The failure mode whose harmonics stand out most beside this one's, and how much less than these: mean dB above noise.
   * Null where the bundle looks for no other.
   */
  readonly rival: { readonly failureMode: string; readonly marginDb: number } | null;
  /** What speaks against the fault, a clause each without a full stop; empty: nothing that was looked for. */
  readonly against: readonly string[];
  /** All of it in words. */
  readonly sentence: string;
}

/** Most lines. A bundle has up to 512 features; more than these say nothing to a person. */
export const maxEvidenceLines = 32;
/** Most clauses of `against`. */
export const maxAgainst = 12;

const finite = z.number();
const count = z.int().min(0).max(maxEvidenceLines);
const counted = onDemand(() => z.object({ found: count, of: count }));
const range = onDemand(() => z.object({ min: finite, max: finite }));
const db = z.number().min(-1000).max(1000);

/** Validator of {@link PhysicalEvidence}; unknown fields are accepted and dropped. */
export const physicalEvidenceSchema: () => z.ZodType<PhysicalEvidence> = onDemand(() =>
  z.object({
    windows: z.int().min(1).max(100_000),
    band: z.enum(["lower", "upper"]).optional(),
    since: z.iso.datetime({ offset: true }).optional(),
    speedRpm: range(),
    loadKw: range().optional(),
    lines: z
      .array(
        z.object({
          name: z.string().min(1).max(64),
          kind: z.enum(["harmonic", "side-band"]),
          harmonic: z.int().min(1).max(64),
          spacing: z.enum(lineOrders).optional(),
          order: z.number().positive(),
          hertz: z.number().positive(),
          measuredOrder: z.number().positive().optional(),
          measuredHertz: z.number().positive().optional(),
          dbAboveNeighbours: db,
          noiseDb: db,
          dbAboveHealthy: db.nullable(),
          isFound: z.boolean(),
        } satisfies ShapeOf<EvidenceLine>),
      )
      .max(maxEvidenceLines),
    harmonics: counted(),
    sideBands: counted(),
    rival: z.object({ failureMode: z.string().min(1).max(256), marginDb: finite }).nullable(),
    against: z.array(z.string().min(1).max(512)).max(maxAgainst),
    sentence: z.string().min(1).max(8192),
  } satisfies ShapeOf<PhysicalEvidence>),
);
