/** The counters of a conversation, from the bytes up. */
import type { LinkCounters } from "./packet-link.ts";
import type { ReceiverCounters } from "./packet-receiver.ts";

/** Everything that a session or an endpoint counts, since it was created. */
export type LinkStatistics = LinkCounters & Readonly<ReceiverCounters>;

/** A live, read-only view of both groups. */
export function mergeCounters(link: LinkCounters, receiver: Readonly<ReceiverCounters>): LinkStatistics {
  const live = {};
  for (const counters of [link, receiver])
    for (const key of Object.keys(counters))
      Object.defineProperty(live, key, {
        enumerable: true,
        get: () => counters[key as keyof typeof counters],
      });
  return live as LinkStatistics;
}
