/** Tells people of gateways' clocks that differ, in PostgreSQL: of each once a day. */

import type { EventRecord } from "../../../core/contract/uplink-record.ts";
import { ownSource } from "../record-rules.ts";
import type { SqlSession } from "./postgres-database.ts";
import { putEvents } from "./postgres-events.ts";
import { findClockNews } from "./postgres-machines.ts";

/** Stores the first event of each gateway of which nothing was said lately; an event's subject is its gateway. */
export async function tellOfClocks(
  session: SqlSession,
  events: readonly EventRecord[],
  nowMs: number,
): Promise<void> {
  const first = new Map(events.toReversed().map((event) => [event.subject, event]));
  if (first.size === 0) return;
  const news = await findClockNews(session, [...first.keys()], nowMs);
  const told = [...first.values()].filter(({ subject }) => news.has(subject));
  await putEvents(
    session,
    told.map((event) => [event, ownSource(nowMs)]),
  );
}
