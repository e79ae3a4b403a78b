/**
 * Labelled recordings to learn from, whatever lists them: which machine, which label, at which speed, of which bearing.
 * Types alone; `open-recording-set.ts` makes a set of a manifest. Knows no window, no feature and no split.
 */
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import type { FaultKind } from "../../../core/contract/bundle/bearing-fault.ts";
import type { SignalPrint } from "../samples/signal-print.ts";
import type { RecordedSpeed } from "../speed/recorded-speed.ts";

/** What a recording is known to show of the bearing that it listens to; `faulty`: which kind, nobody says. */
export type RecordedLabel = FaultKind | "healthy" | "faulty";

/** One channel of one recording, as the manifest lists it. */
export interface RecordedEntry {
  /** The file, and `#channel` where the manifest names one; or what the manifest calls it. Unlike all others of the set. */
  readonly id: string;
  /** Below the set's folder, with `/` between its parts. */
  readonly file: string;
  /** A name or an index; null: the file has but one. */
  readonly channel: string | null;
  /** Of the bearing that this channel listens to. */
  readonly label: RecordedLabel;
  /** The physical thing that must not be split over training and test. */
  readonly machine: string;
  /** Where on the machine the bearing sits. */
  readonly component: string;
  /**
   * A healthy bearing that is the same physical one in recordings of several machines, by any name: in every split it is
   * on one side only. Null: the bearing is its machine's own.
   */
  readonly shared: string | null;
  readonly load: string | null;
  /** False: never learnt from, only judged where its machine is held out, and heard for the levels of healthy machines. */
  readonly learn: boolean;
  readonly sampleRateHz: number;
  /** As stated, or the mean of the speed channel. */
  readonly shaftRpm: number;
  readonly bearing: BearingOrders;
  /** Is it known what a number is worth in the bundle's unit? Otherwise neither range nor level says anything. */
  readonly isAbsolute: boolean;
}

/** One channel from its first to its last sample, or a part of it. */
export interface RecordedSignal {
  readonly counts: Int16Array;
  /** Physical value per count. */
  readonly scale: number;
  readonly sampleRateHz: number;
  /** Its mean, where it changes. */
  readonly shaftRpm: number;
  readonly bearing: BearingOrders;
  /** How the speed goes: rpm of each run of so many samples, from the first sample on. Absent: it stays. */
  readonly speed?: RecordedSpeed | undefined;
}

export interface RecordingSet {
  /** In the order of their files, and in the manifest's order within a file. */
  readonly entries: readonly RecordedEntry[];
  /** SHA-256 (lower-case hex) over the manifest and every file. Fails with DATA_MISSING. */
  fingerprint(): Promise<string>;
  /** Of the whole channel: the same of the same signal, under whatever name and format. Fails as `read`. */
  print(entry: RecordedEntry): Promise<SignalPrint>;
  /** The whole channel. Fails with DATA_MISSING, DATA_FORMAT; so too where it is longer than one part of {@link parts}. */
  read(entry: RecordedEntry): Promise<RecordedSignal>;
  /** The channel in parts of at most `maxPartSamples`, one after the other; a short one is one part. Fails as `read`. */
  parts(entry: RecordedEntry): AsyncGenerator<RecordedSignal>;
}

/** 32 MiB of counts: a minute and a half at 192 kHz, 23 minutes at 12 kHz. */
export const maxPartSamples: number = 2 ** 24;
