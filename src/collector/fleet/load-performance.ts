/**
 * Loads how well models decide, as far as that can be known: what confirmed outcomes say of each model, and, for each point on a
 * day, what its own probabilities make one expect where nobody has looked. Outcomes are events of the record
 * (`core/drift/outcome-event.ts`), of which the newest two thousand are read.
 */
import type {
  DriftPerformanceReply,
  ModelOutcomesReply,
  PerformanceEstimate,
  PointPerformanceReply,
} from "../../core/contract/drift-performance-schema.ts";
import { namePoint } from "../../core/contract/name-point.ts";
import { createConceptWatch } from "../../core/drift/concept-watch.ts";
import { binDecisions } from "../../core/drift/decided-bins.ts";
import {
  estimatePerformance,
  type PerformanceDoubts,
  performanceAssumption,
} from "../../core/drift/estimate-performance.ts";
import { type ModelOutcome, outcomeEventName, readOutcome } from "../../core/drift/outcome-event.ts";
import { rest } from "../../core/platform/rest.ts";
import type { DriftDay, TurbineFilter } from "../record/drift-record.ts";
import type { RecordedEvent } from "../record/fleet-record.ts";
import { utcDayOf } from "../record/record-rules.ts";
import type { FleetSource, KnownModel } from "./fleet-source.ts";
import { loadNewestDay } from "./newest-day.ts";

interface PerformanceQuery extends TurbineFilter {
  readonly day?: string | undefined;
  readonly limit: number;
}

const eventPage = 500;
const maxEventPages = 4;
/** A day's windows stand or fall together by the hour. */
const hoursOfDay = 24;
/** Cases of a reliability table that one machine has on average: windows and failure modes of all its recordings. */
const casesPerMachine = 100;

/**
 * Loads a day.
 * @param query.day default: the newest that was assessed for drift, without which nothing could be silenced for it; before the first
 * the newest day of which there is anything, or today
 */
export async function loadPerformance(
  fleet: FleetSource,
  query: PerformanceQuery,
): Promise<DriftPerformanceReply> {
  const today = utcDayOf(fleet.clock.nowMs());
  const { site, turbine, limit } = query;
  const assessed = query.day ?? (await loadNewestDay(fleet, { site, turbine }))?.slice(0, 10);
  const day = assessed ?? (await fleet.record.newestDriftDay(today)) ?? today;
  const [models, days, drifted] = await Promise.all([
    loadOutcomes(fleet),
    fleet.record.driftOfDay({ site, turbine, day, limit }),
    fleet.record.driftVerdicts({ site, turbine, day, level: "drift", limit }),
  ]);
  const moved = new Set(drifted.verdicts.map(namePoint));
  const contradicted = new Set(
    models.filter(({ contradictedMs }) => contradictedMs !== null).map(({ modelDigest }) => modelDigest),
  );
  const points: PointPerformanceReply[] = [];
  for (const of of days) {
    const { sketches: _, day: __, reports: ___, ...point } = of;
    const doubts = { drifted: moved.has(namePoint(of)), contradicted: contradicted.has(of.modelDigest) };
    points.push({ ...point, estimate: await recallEstimate(fleet, of, doubts) });
  }
  return { day, assumption: performanceAssumption, models, points };
}

/** Replays the outcomes that are on record, oldest first, through a watch for each model. */
async function loadOutcomes(fleet: FleetSource): Promise<ModelOutcomesReply[]> {
  const events: RecordedEvent[] = [];
  for (let page = 0; page < maxEventPages; page++) {
    const part = { name: outcomeEventName, limit: eventPage, offset: page * eventPage };
    const { total, items } = await fleet.record.events(part);
    events.push(...items);
    if ((page + 1) * eventPage >= total) break;
  }
  const watches = new Map<string, ReturnType<typeof createConceptWatch>>();
  const views = new Map<string, ModelOutcomesReply>();
  for (const [event, outcome] of listCorrected(events)) {
    const { modelDigest } = outcome;
    const watch = watches.get(modelDigest) ?? createConceptWatch();
    watches.set(modelDigest, watch);
    const verdict = watch.update(outcome);
    const before = views.get(modelDigest);
    const contradictedMs = before?.contradictedMs ?? (verdict.change === null ? null : event.timeMs);
    const contradictedBy = before?.contradictedBy ?? verdict.change;
    views.set(modelDigest, { modelDigest, verdict, contradictedMs, contradictedBy });
  }
  return [...views.values()];
}

/** Of each decision what was told of it last, in the order in which they were decided. */
function listCorrected(
  events: readonly RecordedEvent[],
): readonly (readonly [RecordedEvent, ModelOutcome])[] {
  const last = new Map<string, readonly [RecordedEvent, ModelOutcome]>();
  for (const event of events) {
    const outcome = readOutcome(event);
    if (outcome === null) continue;
    const key = JSON.stringify([event.gateway, event.subject, event.timeMs, outcome.modelDigest]);
    if ((last.get(key)?.[0].id ?? Number.NEGATIVE_INFINITY) < event.id) last.set(key, [event, outcome]);
  }
  return [...last.values()].sort(([a], [b]) => a.timeMs - b.timeMs);
}

/** What was estimated of a point's day, by what it was estimated from: a page asks every few seconds, and one costs tens of milliseconds. */
const estimates = new WeakMap<KnownModel, Map<string, PerformanceEstimate>>();
const keptEstimates = 2_000;

async function recallEstimate(
  { models }: FleetSource,
  day: DriftDay,
  doubts: PerformanceDoubts,
): Promise<PerformanceEstimate> {
  const model = models.get(day.modelDigest);
  if (model === undefined) return { kind: "silent", reason: "the bundle of this model is not known here" };
  const kept = estimates.get(model) ?? new Map<string, PerformanceEstimate>();
  estimates.set(model, kept);
  const { site, turbine, component, reports, toMs } = day;
  const key = JSON.stringify([site, turbine, component, day.day, reports, toMs, doubts]);
  const held = kept.get(key);
  if (held !== undefined) return held;
  await rest();
  const estimate = estimatePoint(day, model, doubts);
  // The oldest goes.
  if (kept.size >= keptEstimates) kept.delete(kept.keys().next().value!);
  kept.set(key, estimate);
  return estimate;
}

function estimatePoint(day: DriftDay, model: KnownModel, doubts: PerformanceDoubts): PerformanceEstimate {
  const { manifest, reference, reliability = [] } = model;
  const { calibration, thresholds, normalBehaviour } = manifest;
  if (normalBehaviour !== undefined) {
    const reason =
      "a model of normal behaviour states no probabilities; how far it is off is measured, and watched for drift";
    return { kind: "silent", reason };
  }
  if (reliability.length === 0) {
    return { kind: "silent", reason: "the bundle states no reliability of its probabilities" };
  }
  const decided = day.sketches.flatMap((sketch) => {
    const output = sketch.feature - reference.featureCount;
    const [ofOutput, threshold] = [calibration[output], thresholds[output]];
    const edges = reference.features[sketch.feature]?.edges;
    if (ofOutput === undefined || threshold === undefined || edges === undefined) return [];
    return binDecisions(sketch, { edges, calibration: ofOutput, raise: threshold.raise });
  });
  const cases = decided.reduce((sum, bin) => sum + bin.cases, 0);
  const independent = hoursOfDay * Math.max(1, calibration.length);
  const casesPerUnit = { decided: Math.max(1, cases / independent), reliability: casesPerMachine };
  return estimatePerformance({ decided, reliability, casesPerUnit, doubts });
}
