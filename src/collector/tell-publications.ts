/**
 * Tells the fleet's record who published what: an event for each entry of the registry's journal, which is then marked. A kill in
 * between has it looked for before it is told again.
 */
import { ungatedWords } from "../core/contract/bundle/lineage.ts";
import { publishedEventName } from "../core/contract/publication.ts";
import type { EventRecord } from "../core/contract/uplink-record.ts";
import type { Clock } from "../core/platform/clock.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { FleetRecord } from "./record/fleet-record.ts";
import type { Publication, PublicationJournal } from "./registry/publication-journal.ts";

interface TellPublicationsOptions {
  readonly journal: Pick<PublicationJournal, "listNew" | "markTold">;
  /** One that may be written. */
  readonly record: Pick<FleetRecord, "events" | "storeOwnEvent">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly logger: Logger;
}

/** At once. */
const most = 100;

/** Tells what is new. `alone` is asked only where there is something: of all that share the record one tells at a time. */
export function createTellPublications({
  journal,
  record,
  clock,
  logger,
}: TellPublicationsOptions): (alone: (work: () => Promise<void>) => Promise<void>) => Promise<void> {
  const tell = async (): Promise<void> => {
    for (const publication of await journal.listNew(most)) {
      const event = describePublication(publication);
      const known = await record.events({
        name: publishedEventName,
        search: publication.upload,
        limit: 1,
        offset: 0,
      });
      if (known.total === 0) await record.storeOwnEvent(event, clock.nowMs());
      await journal.markTold(publication.upload);
      logger.debug("a publication was told", { subject: event.subject });
    }
  };
  return async (alone) => {
    if ((await journal.listNew(1)).length > 0) await alone(tell);
  };
}

function describePublication({
  order,
  publisher,
  keyId,
  publishedMs,
  signedBy,
  ungated,
  upload,
}: Publication): EventRecord {
  const parts = [
    `published by ${publisher} (key ${keyId.slice(0, 16)})`,
    ...(ungated === true ? [`UNGATED: ${ungatedWords}`] : []),
    `digest ${order.digest}`,
    `signed by ${signedBy.map((id) => id.slice(0, 16)).join(", ")}`,
    `publication ${upload}`,
  ];
  return {
    kind: "event",
    timeMs: publishedMs,
    name: publishedEventName,
    subject: `${order.name}@${order.version}`,
    detail: parts.join("; "),
  };
}
