/** An overview of which nothing is to be told, at one moment. */
import { firstPart, type OverviewPage } from "../../../src/collector/fleet/load-pages.ts";
import type { RecordedAlarm } from "../../../src/collector/record/fleet-record.ts";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";

export const nowMs = 1_700_000_000_000;
const nothing = { total: 0, items: [] };
export const empty: OverviewPage = {
  nowMs,
  brokerLostMs: null,
  query: firstPart,
  titles: new Map(),
  turbines: [],
  shown: { items: [], total: 0, page: 1, pages: 1 },
  alarmed: [],
  gateways: [],
  alarms: { ...nothing, active: 0, page: 1, pages: 1 },
  alarming: [],
  deeds: new Map(),
  drift: { day: null, table: { days: [], points: [] }, warningShare: 0.01, moved: [] },
  models: [],
  updates: nothing,
  events: nothing,
  quarantine: { ...nothing, messages: 0 },
};

/** The same with one alarm, number 7, of which an event told just now; it stands unless `change` says otherwise. */
export function pageWithAlarm(event: AlertEvent, change: Partial<RecordedAlarm> = {}): OverviewPage {
  const times = { sinceMs: nowMs, firstMs: nowMs, lastMs: nowMs, saidMs: null };
  const alarm: RecordedAlarm = { alarm: 7, active: true, ...times, event, steps: [], ...change };
  return { ...empty, alarms: { ...empty.alarms, total: 1, active: Number(alarm.active), items: [alarm] } };
}
