/** The gateway's own journal of alerts in front of an outbox, without anybody else who is told. */
import type { AlertEvent } from "../../src/core/contract/alert.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { openAlertJournal } from "../../src/gateway/alarms/alert-journal.ts";
import type { Outbox } from "../../src/gateway/record/outbox.ts";
import type { StateStore } from "../../src/gateway/record/state-store.ts";

export interface SenderJournal {
  take(event: AlertEvent): void;
}

/** Opens it; what an earlier run left goes into the outbox. */
export function createAlertJournal(state: StateStore, outbox: Outbox): SenderJournal {
  const journal = openAlertJournal({
    state,
    sinks: [],
    append: (event) => outbox.append({ kind: "alert", id: event.id, json: JSON.stringify(event) }),
    onGivenUp: () => {},
    isCommitted: () => outbox.counts().pendingRecords === 0,
    logger: silentLogger,
  });
  return { take: (event) => journal.take([event], () => ({})) };
}
