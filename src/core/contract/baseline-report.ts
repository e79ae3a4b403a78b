/**
 * What is asked of a running gateway about the healthy baselines of its points, and what it answers; JSON over its local
 * HTTP, and the JSON that `aurora baseline` prints. A point is *learning* until it has its *own reference*.
 */
import { z } from "zod";
import { maxFailureModes } from "./alert.ts";
import { onDemand } from "./on-demand.ts";
import { oneLine } from "./one-line.ts";
import type { ModelRef } from "./prediction.ts";
import type { ShapeOf } from "./shape-of.ts";
import { type LearntBeside, type LearntSpeeds, learntSpeedsSchema, maxLater } from "./site-baseline.ts";
import type { PointId } from "./stream.ts";
import { idPattern } from "./topics.ts";

/** Path that lists them (GET), and below which each is renewed: `POST /baselines/TURBINE/COMPONENT/renew`. */
export const baselinesPath = "/baselines";

/** Longest reason for a renewal, characters. */
export const maxReasonLength = 400;
const maxNameLength = 64;

/** How far learning is. */
export interface LearningProgress {
  /** Operating windows heard so far, and how many the final reference wants; there may be more of them than hours. */
  readonly windows: number;
  readonly ofWindows: number;
  /** Windows with which a provisional reference is tried next; absent: there is one, or it was refused. */
  readonly neededWindows?: number | undefined;
  /** Time of data that they span, and that is wanted, hours. */
  readonly hours: number;
  readonly ofHours: number;
  /** Start of the first window, RFC 3339; null: none yet. */
  readonly since: string | null;
}

/** What levels at some speeds were learnt of. */
export interface LevelsReport {
  /** Windows that it rests on. */
  readonly windows: number;
  /** Time of the data that it was learnt of, RFC 3339; it is in use since the end of it. */
  readonly from: string;
  readonly to: string;
  readonly shaftRpm: LearntSpeeds;
}

/** Levels at speeds that the machine came to later. */
export type LaterReport = LevelsReport & LearntBeside;

/** What a point is held against. */
export interface ReferenceReport extends LevelsReport {
  /** Counts the baselines of this point, from 1. */
  readonly version: number;
  /** False: it knows the machine's levels, and the scores of the model that serves are still learnt. */
  readonly hasScores: boolean;
  /** Why the machine may not have been healthy while it was learnt, one sentence each. */
  readonly suspicions: readonly string[];
  /** In the order in which they were learnt; absent: none were. */
  readonly later?: readonly LaterReport[] | undefined;
}

/** The last renewal by command. */
interface RenewalReport {
  /** Renewals of this point so far, from 1. */
  readonly count: number;
  /** RFC 3339, by the gateway's clock. */
  readonly at: string;
  /** The user of the gateway's machine who called the command, as the command says. */
  readonly by: string;
  readonly reason: string;
  /** The machine was found healthy as it was, however it looks; absent: nobody said so. */
  readonly foundHealthy?: true | undefined;
}

/** How a point stands against its healthy baseline. */
export interface BaselineStanding {
  /** The model that serves the point. */
  readonly model: ModelRef;
  /** `none`: the model knows no baselines; `refused`: what was learnt so far looks faulty, and is no reference. */
  readonly state: "none" | "learning" | "refused" | "own-reference";
  /** Why it stands there, a sentence. */
  readonly why: string;
  /** Null: it is neither learning nor refused. */
  readonly learning: LearningProgress | null;
  /** Null: there is none. Beside `learning`: levels of before, while another model's scores are learnt. */
  readonly reference: ReferenceReport | null;
  /** dB above the reference, of the last window; null: not known. */
  readonly severityDb: number | null;
  /** Null: never. */
  readonly renewed: RenewalReport | null;
}

/** One measuring point. */
export interface PointBaselineReport extends BaselineStanding, Omit<PointId, "site"> {}

/** The answer to `GET /baselines`: every measuring point, in the order of the configuration. */
export interface BaselineList {
  readonly points: readonly PointBaselineReport[];
}

/** What `POST /baselines/TURBINE/COMPONENT/renew` says. */
export interface RenewalRequest {
  /** One line, 1 to {@link maxReasonLength} characters; spaces at its ends are taken off. */
  readonly reason: string;
  /** The local user who wants it. */
  readonly by: string;
  /** Somebody has looked, and found the machine healthy as it is: alarms end, and what it looks like is learnt. Absent: nobody has. */
  readonly foundHealthy?: boolean | undefined;
  /** Somebody has looked, and there was a fault; never beside {@link RenewalRequest.foundHealthy}. Absent: nobody says so. */
  readonly foundFault?: boolean | undefined;
}

/** The answer to a renewal. */
export interface RenewalReply {
  /** As it stands from now on. */
  readonly point: PointBaselineReport;
  /** Version that was let go; 0: there was none. */
  readonly letGo: number;
  /** Failure modes that had an active alarm: they go on until their own rule ends them, or, found healthy, have ended. */
  readonly activeAlarms: readonly string[];
  /** False: the disk refused it; it holds, and is written as soon as the disk takes it. */
  readonly isStored: boolean;
}

/** Validator of {@link RenewalRequest}. */
export const renewalRequestSchema: () => z.ZodType<RenewalRequest> = onDemand(() =>
  z
    .strictObject({
      reason: oneLine(maxReasonLength),
      by: oneLine(maxNameLength),
      foundHealthy: z.boolean().optional(),
      foundFault: z.boolean().optional(),
    })
    .refine(({ foundHealthy, foundFault }) => !(foundHealthy && foundFault), {
      error: "a machine was found healthy or with a fault, not both",
    }),
);

const time = z.iso.datetime({ offset: true });
const count = z.int().min(0);
const hours = z.number().min(0);
const name = z.string().regex(idPattern);
const learntOf = {
  windows: z.int().min(1),
  from: time,
  to: time,
  shaftRpm: learntSpeedsSchema,
};

/** Validator of {@link PointBaselineReport}. */
const pointBaselineSchema: () => z.ZodType<PointBaselineReport> = onDemand(() =>
  z.strictObject({
    turbine: name,
    component: name,
    model: z.strictObject({
      name: z.string().max(256),
      version: z.string().max(256),
      digest: z.string().max(128),
    }),
    state: z.enum(["none", "learning", "refused", "own-reference"]),
    why: z.string().min(1).max(4096),
    learning: z
      .strictObject({
        windows: count,
        ofWindows: count,
        neededWindows: count.optional(),
        hours,
        ofHours: hours,
        since: time.nullable(),
      })
      .nullable(),
    reference: z
      .strictObject({
        version: z.int().min(1),
        ...learntOf,
        hasScores: z.boolean(),
        suspicions: z.array(z.string().max(1024)).max(64),
        later: z
          .array(z.strictObject({ ...learntOf, besideRpm: z.number().positive(), louderDb: z.number() }))
          .max(maxLater)
          .optional(),
      })
      .nullable(),
    severityDb: z.number().nullable(),
    renewed: z
      .strictObject({
        count: z.int().min(1),
        at: time,
        by: z.string().min(1).max(maxNameLength),
        reason: z.string().min(1).max(maxReasonLength),
        foundHealthy: z.literal(true).optional(),
      })
      .nullable(),
  } satisfies ShapeOf<PointBaselineReport>),
);

/** Validator of {@link BaselineList}. */
export const baselineListSchema: () => z.ZodType<BaselineList> = onDemand(() =>
  z.strictObject({
    points: z.array(pointBaselineSchema()).max(65_536),
  } satisfies ShapeOf<BaselineList>),
);

/** Validator of {@link RenewalReply}. */
export const renewalReplySchema: () => z.ZodType<RenewalReply> = onDemand(() =>
  z.strictObject({
    point: pointBaselineSchema(),
    letGo: count,
    activeAlarms: z.array(z.string().max(64)).max(maxFailureModes),
    isStored: z.boolean(),
  } satisfies ShapeOf<RenewalReply>),
);
