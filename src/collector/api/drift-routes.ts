/** What the API says of drift: the verdicts, the levels of many days, and how unlike training day a day was. */
import { z } from "zod";
import { driftPerformanceReplySchema } from "../../core/contract/drift-performance-schema.ts";
import { driftLevels } from "../../core/contract/drift-verdict.ts";
import { driftDaysReplySchema, driftVerdictReplySchema } from "../../core/contract/drift-verdict-schema.ts";
import { idPattern } from "../../core/contract/topics.ts";
import { isDriftCursor, isDriftDay, loadDriftDays, loadDriftVerdicts } from "../fleet/load-drift-verdicts.ts";
import { loadLikeness } from "../fleet/load-likeness.ts";
import { loadPerformance } from "../fleet/load-performance.ts";
import { type ApiRoute, defineRoute } from "./define-route.ts";
import { driftSchema } from "./drift-schemas.ts";

const id = z.string().regex(idPattern);
const day = z.string().max(32).refine(isDriftDay, "expected YYYY-MM-DD, or YYYY-MM-DDTHH:MMZ");
const limit = z.coerce.number().int().min(1).max(500).default(100);
const cursor = z.string().max(2_048).refine(isDriftCursor, "is not what `next` of a list was");
const turbines = { site: id.optional(), turbine: id.optional() };

/** The routes below `/api/v1/drift`. */
export const driftRoutes: readonly ApiRoute[] = [
  defineRoute({
    path: "/api/v1/drift/verdicts",
    summary:
      "Verdicts of a day, one a point and model against its own reference; default: the newest day of the turbines that are named that was assessed, not only begun",
    query: z.strictObject({
      day: day.optional(),
      ...turbines,
      level: z.enum(driftLevels).optional(),
      limit,
      cursor: cursor.optional(),
    }),
    response: driftVerdictReplySchema(),
    answer: loadDriftVerdicts,
  }),
  defineRoute({
    path: "/api/v1/drift/days",
    summary:
      "The worst level of each point on each day, of at most `limit` points that are known; default: the 30 days up to the newest verdict",
    query: z.strictObject({
      from: day.optional(),
      to: day.optional(),
      ...turbines,
      limit,
      cursor: cursor.optional(),
    }),
    response: driftDaysReplySchema(),
    answer: loadDriftDays,
  }),
  defineRoute({
    path: "/api/v1/drift/performance",
    summary:
      "What confirmed outcomes say of each model, and performance estimated without them, per point; silent where its assumption is broken",
    query: z.strictObject({ day: z.iso.date().optional(), ...turbines, limit }),
    response: driftPerformanceReplySchema(),
    answer: loadPerformance,
  }),
  defineRoute({
    path: "/api/v1/drift",
    summary:
      "How unlike training day a day was, per point: PSI of every feature and score; information, no alarm",
    query: z.strictObject({ day: z.iso.date().optional(), ...turbines, limit, cursor: cursor.optional() }),
    response: driftSchema,
    answer: loadLikeness,
  }),
];
