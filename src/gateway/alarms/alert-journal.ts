/**
 * Keeps an alert from being half told, whenever the process is killed: one write says that it was told (the alarms),
 * that subscribers wait for it and that the outbox must have it; only then is it put there. What the last run did
 * not get so far is put there by the next. The collector takes an event once, by its id.
 */
import type { AlertEvent } from "../../core/contract/alert.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { StateStore } from "../record/state-store.ts";
import type { AlertPublisher } from "./alert-publisher.ts";
import { readKeptAlerts } from "./kept-alerts.ts";

/** Takes events. */
export interface AlertJournal {
  /** Keeps `event` and hands it on; `serving` is written with it. */
  take(event: AlertEvent, serving: Readonly<Record<string, string>>): void;
  /** Writes `serving`, at the end of a run. */
  close(serving: Readonly<Record<string, string>>): void;
}

/** What it joins. */
export interface AlertJournalOptions {
  readonly state: StateStore;
  readonly publisher: AlertPublisher;
  /** Puts an event into the outbox. */
  readonly append: (event: AlertEvent) => void;
  /** Is everything that was put into the outbox on the disk? */
  readonly isCommitted: () => boolean;
  readonly logger: Logger;
}

const key = "unrecorded-alerts";
/** While a disk is full the outbox holds alerts in memory: so many are written down here as well. */
const maxKept = 200;

/** Opens the journal and puts what the last run left into the outbox. */
export function openAlertJournal(options: AlertJournalOptions): AlertJournal {
  const { state, publisher, append, isCommitted } = options;
  let unrecorded = readKeptAlerts(state, key, maxKept, options.logger);
  const settle = (): void => {
    if (isCommitted()) unrecorded = [];
  };
  const describe = (): Record<string, string | null> => ({
    [key]: unrecorded.length === 0 ? null : JSON.stringify(unrecorded),
  });
  if (unrecorded.length > 0) {
    for (const event of unrecorded) append(event);
    settle();
    state.setAll(describe());
  }
  return {
    take(event, serving) {
      settle();
      unrecorded = [...unrecorded, event].slice(-maxKept);
      state.setAll({ ...serving, ...publisher.hold(event), ...describe() });
      append(event);
      settle();
      publisher.send();
    },
    close(serving) {
      settle();
      state.setAll({ ...serving, ...describe() });
    },
  };
}
