/** What is said of a file beside its predictions: why it could not be scored, and what of it was lost to bad data. */
import { hasErrorCode } from "../../../core/contract/aurora-error.ts";
import type { Quarantine } from "../../../core/contract/stream.ts";
import { printable } from "../../../core/platform/printable.ts";
import type { ErrorReport } from "../../terminal/end-process.ts";

/** Errors that no other file would be spared. */
const failsForAll: ReadonlySet<string> = new Set(["STORE", "INFERENCE", "BUNDLE_INCOMPATIBLE"]);

/** A user's error as it stands in a summary; a bug is thrown on, and what no other file would be spared. */
export function describeFileError(error: unknown): ErrorReport {
  if (!hasErrorCode(error) || failsForAll.has(error.code)) throw error;
  return { code: error.code, message: error.message, hint: error.hint };
}

interface ReportedFile {
  readonly file: string;
  /** That it is played to. */
  readonly point?: string;
  readonly error?: ErrorReport;
}

/** Says a file's error on stderr, if it has one; returns whether it has. */
export function complainOfFile({ file, point, error }: ReportedFile): boolean {
  if (error === undefined) return false;
  const where = `${point === undefined ? "" : `${point}: `}${error.message.includes(file) ? "" : `${file}: `}`;
  process.stderr.write(`error: ${printable(`${where}${error.message}`)}\nhint: ${printable(error.hint)}\n`);
  return true;
}

/** What to look at where samples of a recording were set aside for these reasons. */
export function adviseOnReasons(reasons: readonly string[]): string {
  return [...new Set(reasons.map((reason) => advice[reason] ?? "check the sensor and --rate-hz"))].join("; ");
}

const advice: Readonly<Record<string, string | undefined>> = {
  range: "check --unit and --scale, and whether the sensor was driven beyond its range",
  stuck: "check whether the sensor was connected",
  "not-finite": "look at how the file was written",
  "no-shaft-speed": "check the channel of the speed",
};

/** Says on stderr, a line each, what is doubtful, and about what. */
export function warnThat(doubts: Iterable<string>): void {
  for (const doubt of doubts) process.stderr.write(`warning: ${printable(doubt)}\n`);
}

/** The same, all about `what`. */
export function warnOf(what: string, doubts: Iterable<string>): void {
  warnThat(prefixDoubts(what, doubts));
}

/** What is doubtful about `what`, each with that before it. */
export function prefixDoubts(what: string, doubts: Iterable<string>): string[] {
  return [...doubts].map((doubt) => `${what}: ${doubt}`);
}

/** 0 where all is well, 2 where every file was described wrongly, 1 where any has an error or says nothing. */
export function exitCodeOf<T extends ReportedFile>(
  files: readonly T[],
  saysNothing: (file: T) => boolean,
): number {
  if (!files.some((file) => file.error !== undefined || saysNothing(file))) return 0;
  return files.every(({ error }) => error?.code === "USAGE") ? 2 : 1;
}

/** Windows (of a table: rows) that were lost, and samples (readings) by the reason that they were set aside for. */
export interface Losses {
  readonly windows: number;
  readonly samples: Readonly<Record<string, number>>;
}

export interface LossCounter {
  update(quarantine: Pick<Quarantine, "reason" | "samples">, windows: 0 | 1): void;
  readonly losses: Losses;
  /**
   * The same, where `fitting` windows fit into what was read and `heard` came of it: so many at most are lost, however often a window was begun and broken.
   */
  bound(fitting: number, heard: number): Losses;
}

/** Creates a counter that starts at zero. */
export function createLossCounter(): LossCounter {
  const samples: Record<string, number> = {};
  let lost = 0;
  return {
    update: ({ reason, samples: count }, windows) => {
      lost += windows;
      // The samples of a lost window are mostly good ones: they are not counted as bad.
      if (windows === 0) samples[reason] = (samples[reason] ?? 0) + count;
    },
    get losses() {
      return { windows: lost, samples };
    },
    bound: (fitting, heard) => ({ windows: Math.min(lost, Math.max(0, fitting - heard)), samples }),
  };
}
