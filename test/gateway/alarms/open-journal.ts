import { silentLogger } from "../../../src/core/platform/logger.ts";
import { type AlertJournal, openAlertJournal } from "../../../src/gateway/alarms/alert-journal.ts";
import type { AlertSink } from "../../../src/gateway/alarms/alert-sink.ts";
import { createFakeState } from "../fakes.ts";

/** A journal that begins with nothing, logs nothing and whose outbox is always on the disk, but for what a test changes. */
export function openJournal(
  sinks: readonly AlertSink[],
  change: Partial<Parameters<typeof openAlertJournal>[0]> = {},
): AlertJournal {
  return openAlertJournal({
    state: createFakeState(),
    sinks,
    append: () => {},
    onGivenUp: () => {},
    isCommitted: () => true,
    logger: silentLogger,
    ...change,
  });
}
