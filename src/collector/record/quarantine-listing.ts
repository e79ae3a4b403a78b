/** What is told of messages that could not be understood: an entry a topic and reason. */

/** Messages of one topic that were set aside for one reason. */
export interface QuarantineEntry {
  readonly topic: string;
  readonly reason: string;
  readonly messages: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Why, in words, of the last one. */
  readonly detail: string;
  /** First bytes of the last one. */
  readonly sample: Uint8Array;
}

/** Entries, of which there are `total`. */
export interface QuarantineListing {
  readonly total: number;
  /** Of all entries together. */
  readonly messages: number;
  readonly items: readonly QuarantineEntry[];
}
