/**
 * Reads all verdicts of a period together: what moved each point, which of them survive the fleet's budget, and what people
 * are told. May be done again for the same period when a point's verdict came late: nobody is told twice.
 */

import type { DriftVerdict } from "../../core/contract/drift-verdict.ts";
import { namePoint } from "../../core/contract/name-point.ts";
import type { EventRecord } from "../../core/contract/uplink-record.ts";
import type { PeriodRange } from "../../core/drift/drift-day.ts";
import { findCausesByStep } from "../../core/drift/find-causes.ts";
import { selectSurvivors } from "../../core/drift/fleet-budget.ts";
import type { DriftFleet } from "../../core/drift/fleet-view.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { type TurnOptions, takeTurns } from "../../core/platform/take-turns.ts";
import type { DriftState, PublishedPeriod } from "../record/drift-record.ts";
import type { FleetRecord } from "../record/fleet-record.ts";
import { type ToldDrift, tellDrift } from "./tell-drift.ts";

interface PublishOptions extends TurnOptions {
  readonly record: FleetRecord;
  readonly nowMs: number;
  /** Share of false ones among the points that people are told of, on average. */
  readonly falseShare: number;
  readonly logger: Logger;
}

/** Verdicts that are read at once: one of a point that moved is some 30 kB. */
const pageSize = 50;
/** Points that are written at once. */
const partSize = 25;
/** Points whose state is read at once. */
const statesAtOnce = 200;
/** Alarms that may speak for a cause. */
const maxAlarms = 2_000;

/** Reads a period together; resolves with what people are told. */
export async function publishPeriod(
  period: PeriodRange,
  options: PublishOptions,
): Promise<readonly EventRecord[]> {
  const { record, nowMs, pause } = options;
  const verdicts = await readVerdicts(period, options);
  const fleet = await loadDriftFleet(period, options);
  await pause();
  const caused = await tryCauses(verdicts, fleet, options);
  await pause();
  const { awaited } = await record.periodProgress(period);
  const newest = newestOfPoints(caused, fleet);
  const states = new Map<string, DriftState>();
  for (let from = 0; from < newest.length; from += statesAtOnce) {
    for (const state of await record.driftStates(newest.slice(from, from + statesAtOnce))) {
      states.set(namePoint(state), state);
    }
    await pause();
  }
  const told = tellAll(newest, states, { falseShare: options.falseShare, awaited });
  const changed = await keepChanged(verdicts, caused, pause);
  await pause();
  await storeParts({ period, nowMs, verdicts: changed, told }, options);
  return told.flatMap(({ event }) => (event === null ? [] : [event]));
}

/** Those whose cause is another one now. */
async function keepChanged(
  before: readonly DriftVerdict[],
  after: readonly DriftVerdict[],
  pause: () => Promise<void>,
): Promise<readonly DriftVerdict[]> {
  const changed: DriftVerdict[] = [];
  for (const [index, verdict] of after.entries()) {
    if (JSON.stringify(verdict.cause) !== JSON.stringify(before[index]!.cause)) changed.push(verdict);
    if (index % statesAtOnce === 0) await pause();
  }
  return changed;
}

/**
 * Stores what came of it a part at a time, so that the thread is never held for long. A point's state and its event are in one part:
 * whoever is killed in between reads the period once more, and tells nobody twice.
 */
async function storeParts(
  {
    verdicts,
    told,
    ...rest
  }: Pick<PublishedPeriod, "period" | "nowMs" | "verdicts"> & {
    readonly told: readonly ToldDrift[];
  },
  { record, pause }: PublishOptions,
): Promise<void> {
  const longest = Math.max(verdicts.length, told.length);
  for (let from = 0; ; from += partSize) {
    const part = told.slice(from, from + partSize);
    const isLast = from + partSize >= longest;
    await record.publishPeriod({
      ...rest,
      verdicts: verdicts.slice(from, from + partSize),
      states: part.map(({ state }) => state),
      events: part.flatMap(({ event }) => (event === null ? [] : [event])),
      ...(isLast ? {} : { hasMore: true }),
    });
    if (isLast) return;
    await pause();
  }
}

/** A fault of ours costs the causes, and not what people are told. */
async function tryCauses(
  verdicts: readonly DriftVerdict[],
  fleet: DriftFleet,
  options: PublishOptions,
): Promise<readonly DriftVerdict[]> {
  try {
    return await takeTurns(findCausesByStep(verdicts, fleet), options);
  } catch (error) {
    options.logger.error("no causes were found for a period of drift", {
      fromMs: verdicts[0]?.fromMs,
      error,
    });
    return verdicts;
  }
}

async function readVerdicts(
  period: PeriodRange,
  { record, pause }: PublishOptions,
): Promise<readonly DriftVerdict[]> {
  const verdicts: DriftVerdict[] = [];
  let after: string | undefined;
  do {
    const page = await record.periodVerdicts({
      ...period,
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    });
    verdicts.push(...page.verdicts);
    after = page.next ?? undefined;
    await pause();
  } while (after !== undefined);
  return verdicts;
}

async function loadDriftFleet(period: PeriodRange, { record, nowMs }: PublishOptions): Promise<DriftFleet> {
  const [known, alarms] = await Promise.all([
    record.driftFleet(),
    record.alarms({ active: true, limit: maxAlarms, offset: 0 }),
  ]);
  return {
    ...known,
    toldMs: nowMs,
    alarms: alarms.items
      .filter(({ firstMs }) => firstMs < period.toMs)
      .map(({ event, firstMs }) => {
        const { site, turbine, component, failureMode } = event.data;
        return { site, turbine, component, failureMode, sinceMs: firstMs };
      }),
  };
}

/** Of each point the verdict of the model that serves it now: it may have had two in the period of an update. */
function newestOfPoints(
  verdicts: readonly DriftVerdict[],
  { modelsSince = {} }: DriftFleet,
): readonly DriftVerdict[] {
  const newest = new Map<string, DriftVerdict>();
  for (const verdict of verdicts) {
    const held = newest.get(namePoint(verdict));
    const sinceOf = ({ modelDigest }: DriftVerdict): number => modelsSince[modelDigest] ?? 0;
    if (held === undefined || sinceOf(verdict) > sinceOf(held)) newest.set(namePoint(verdict), verdict);
  }
  return [...newest.values()];
}

function tellAll(
  verdicts: readonly DriftVerdict[],
  before: ReadonlyMap<string, DriftState>,
  budget: { readonly falseShare: number; readonly awaited: number },
): readonly ToldDrift[] {
  const assessed = verdicts.filter(({ pValue }) => pValue !== null);
  const survived = selectSurvivors(
    assessed.map(({ pValue }) => pValue ?? 1),
    budget,
  );
  const survivors = new Set(assessed.filter((_, index) => survived[index]!));
  return verdicts.map((verdict) =>
    tellDrift(before.get(namePoint(verdict)) ?? null, verdict, survivors.has(verdict)),
  );
}
