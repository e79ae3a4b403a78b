/**
 * Reads all verdicts of a period together: what moved each point, which of them survive the fleet's budget, and what people
 * are told. May be done again for the same period when a point's verdict came late: nobody is told twice.
 */

import type { DriftVerdict } from "../../core/contract/drift-verdict.ts";
import type { EventRecord } from "../../core/contract/uplink-record.ts";
import type { PeriodRange } from "../../core/drift/drift-day.ts";
import { findCauses } from "../../core/drift/find-causes.ts";
import { selectSurvivors } from "../../core/drift/fleet-budget.ts";
import type { DriftFleet } from "../../core/drift/place-drift.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { DriftState } from "../record/drift-record.ts";
import { driftCursor } from "../record/drift-rules.ts";
import type { FleetRecord } from "../record/fleet-record.ts";
import { tellDrift } from "./tell-drift.ts";

export interface PublishOptions {
  readonly record: FleetRecord;
  readonly nowMs: number;
  /** Share of false ones among the points that people are told of, on average. */
  readonly falseShare: number;
  /** Lets others have their turn. */
  readonly pause: () => Promise<void>;
  readonly logger: Logger;
}

/** Verdicts that are read at once. */
const pageSize = 200;
/** Alarms that may speak for a cause. */
const maxAlarms = 2_000;

/** Reads a period together; resolves with what people are told. */
export async function publishPeriod(
  period: PeriodRange,
  options: PublishOptions,
): Promise<readonly EventRecord[]> {
  const { record, nowMs, pause } = options;
  const verdicts = await readVerdicts(period, options);
  const fleet = await loadDriftFleet(record, period);
  await pause();
  const caused = tryCauses(verdicts, fleet, options.logger);
  await pause();
  const before = new Map(verdicts.map((verdict) => [driftCursor(verdict), verdict]));
  const changed = caused.filter(
    (verdict) => JSON.stringify(verdict.cause) !== JSON.stringify(before.get(driftCursor(verdict))?.cause),
  );
  await pause();
  const { awaited } = await record.periodProgress(period);
  const newest = newestOfPoints(caused, fleet);
  const states = new Map<string, DriftState>();
  for (let from = 0; from < newest.length; from += pageSize) {
    for (const state of await record.driftStates(newest.slice(from, from + pageSize))) {
      states.set(nameOf(state), state);
    }
    await pause();
  }
  const told = tellAll(newest, states, { falseShare: options.falseShare, awaited });
  await record.publishPeriod({ period, nowMs, verdicts: changed, ...told });
  return told.events;
}

/** A fault of ours costs the causes, and not what people are told. */
function tryCauses(
  verdicts: readonly DriftVerdict[],
  fleet: DriftFleet,
  logger: Logger,
): readonly DriftVerdict[] {
  try {
    return findCauses(verdicts, fleet);
  } catch (error) {
    logger.error("no causes were found for a period of drift", { fromMs: verdicts[0]?.fromMs, error });
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

async function loadDriftFleet(record: FleetRecord, period: PeriodRange): Promise<DriftFleet> {
  const [known, alarms] = await Promise.all([
    record.driftFleet(),
    record.alarms({ active: true, limit: maxAlarms, offset: 0 }),
  ]);
  return {
    ...known,
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
    const held = newest.get(nameOf(verdict));
    const sinceOf = ({ modelDigest }: DriftVerdict): number => modelsSince[modelDigest] ?? 0;
    if (held === undefined || sinceOf(verdict) > sinceOf(held)) newest.set(nameOf(verdict), verdict);
  }
  return [...newest.values()];
}

function tellAll(
  verdicts: readonly DriftVerdict[],
  before: ReadonlyMap<string, DriftState>,
  budget: { readonly falseShare: number; readonly awaited: number },
): { readonly states: readonly DriftState[]; readonly events: readonly EventRecord[] } {
  const assessed = verdicts.filter(({ pValue }) => pValue !== null);
  const survived = selectSurvivors(
    assessed.map(({ pValue }) => pValue ?? 1),
    budget,
  );
  const survivors = new Set(assessed.filter((_, index) => survived[index]!));
  const steps = verdicts.map((verdict) =>
    tellDrift(before.get(nameOf(verdict)) ?? null, verdict, survivors.has(verdict)),
  );
  return {
    states: steps.map(({ state }) => state),
    events: steps.flatMap(({ event }) => (event === null ? [] : [event])),
  };
}

function nameOf({ site, turbine, component }: Pick<DriftVerdict, "site" | "turbine" | "component">): string {
  return JSON.stringify([site, turbine, component]);
}
