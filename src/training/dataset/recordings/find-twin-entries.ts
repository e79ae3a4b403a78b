/** Entries of a set that are one signal, whatever their files are called and written in. */
import { findTwins, type SignalPrint } from "../samples/signal-print.ts";
import type { RecordedEntry, RecordingSet } from "./recording-set.ts";

/** Two entries, in the order of `entries`. */
interface TwinEntries {
  readonly first: RecordedEntry;
  readonly again: RecordedEntry;
}

/** Reads every one of `entries` once, one after the other. Fails with DATA_MISSING or DATA_FORMAT. */
export async function findTwinEntries(
  set: Pick<RecordingSet, "print">,
  entries: readonly RecordedEntry[],
): Promise<readonly TwinEntries[]> {
  const printed: { readonly entry: RecordedEntry; readonly print: SignalPrint }[] = [];
  for (const entry of entries) printed.push({ entry, print: await set.print(entry) });
  return findTwins(printed, ({ print }) => print).map(({ first, again }) => ({
    first: first.entry,
    again: again.entry,
  }));
}
