/** An overview of which nothing is to be told, at one moment. */
import type { OverviewPage } from "../../../src/collector/fleet/load-pages.ts";

export const nowMs = 1_700_000_000_000;
const nothing = { total: 0, items: [] };
export const empty: OverviewPage = {
  nowMs,
  brokerLostMs: null,
  titles: new Map(),
  turbines: [],
  gateways: [],
  alarms: nothing,
  alarming: [],
  deeds: new Map(),
  drift: { day: null, table: { days: [], points: [] }, warningShare: 0.01, moved: [] },
  models: [],
  updates: nothing,
  events: nothing,
  quarantine: nothing,
};
