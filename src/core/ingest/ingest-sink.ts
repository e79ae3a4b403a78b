/** What both ingests tell: trusted data on, bad data aside with a reason, changes of schema once each. */
import type { ChannelContract } from "../contract/bundle/manifest.ts";
import type { Quarantine, SchemaDrift } from "../contract/stream.ts";

/** Where the outcome goes; called during `accept`. */
export interface IngestSink<T> {
  /** It keeps the contract. */
  accept(data: T): void;
  /** It was set aside, or something before it is missing. */
  quarantine(quarantine: Quarantine): void;
  /** The schema changed; told once a change, not once a block. */
  schemaDrift(drift: SchemaDrift): void;
}

/** Finds the contract of a channel as its device calls it; undefined when nobody expects it. */
export type ContractLookup = (deviceId: string, channel: string) => ChannelContract | undefined;

/** More streams than this are not told apart: names come from the network, memory must stay bounded. */
export const maxStreams = 4096;
