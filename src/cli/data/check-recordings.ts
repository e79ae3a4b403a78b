/**
 * `aurora data check`: everything that would spoil a training, found before it: the manifest's entries one by one, each
 * recording by its own numbers, and all of them together. Reads every recording once, and writes nothing.
 */
import { stat } from "node:fs/promises";
import { relative } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { readRecordingsManifest } from "../../training/dataset/recordings/recordings-manifest.ts";
import { type ResolvedEntry, resolveEntries } from "../../training/dataset/recordings/resolve-entries.ts";
import { chooseLearningPath, type LearningPath } from "../../training/judge/learning-path.ts";
import { secondsOf } from "../../training/recipes/bearing/learn/enough-windows.ts";
import { type DataTarget, findTarget, type TargetOptions } from "./data-target.ts";
import { type Finding, gatherFindings } from "./finding.ts";
import { type MeasuredRecording, measureRecording } from "./measure-recording.ts";
import { findInRecording } from "./recording-findings.ts";
import { findInSet } from "./set-findings.ts";
import { findInSpeeds } from "./speed-findings.ts";
import { findInTraining } from "./training-findings.ts";

/** What there is, and what is wrong with it. */
export interface DataCheck {
  readonly manifest: string;
  readonly root: string;
  readonly recordings: number;
  /** What cannot be opened, or read to its end: files and ids. */
  readonly unreadable: readonly string[];
  readonly machines: number;
  readonly bytes: number;
  readonly hours: number;
  /** Largest memory that training takes for the rows of all windows, and for one part of a recording, in MB. */
  readonly memoryMb: { readonly rows: number; readonly part: number };
  readonly findings: readonly Finding[];
  readonly path: LearningPath;
  /** No finding is an error. */
  readonly passed: boolean;
}

/** Told before each recording. */
type Progress = (done: number, total: number, what: string) => void;

/** Checks a manifest, or that of a training configuration. Fails with CONFIG_INVALID, DATA_MISSING, BUNDLE_*. */
export async function checkRecordings(
  path: string,
  options: TargetOptions,
  progress: Progress,
): Promise<DataCheck> {
  const target = await findTarget(path, options);
  const findings: Finding[] = [];
  const unreadable: string[] = [];
  const refuse = (error: AuroraError, where = error.subject ?? ""): void => {
    findings.push(describeRefusal(error, { where, file: null }));
    // What cannot even be opened is no fault of the entry.
    if (error.code !== "CONFIG_INVALID") unreadable.push(relative(target.root, error.subject ?? ""));
  };
  const manifest = await readRecordingsManifest(target.manifest, refuse);
  const { resolved } = await resolveEntries(manifest, target.root, refuse);
  const measured: MeasuredRecording[] = [];
  for (const [index, each] of resolved.entries()) {
    progress(index, resolved.length, each.entry.id);
    try {
      const recording = await measureRecording(each);
      measured.push(recording);
      findings.push(...findInRecording(recording, target.expectations));
    } catch (error) {
      if (!(error instanceof AuroraError)) throw error;
      unreadable.push(each.entry.id);
      findings.push(describeRefusal(error, { where: each.where, file: each.entry.file }));
    }
  }
  progress(resolved.length, resolved.length, "");
  const gathered = gatherFindings([
    ...findings,
    ...findInSet(measured),
    ...(await findInSpeeds(measured)),
    ...findInTraining(measured, target),
  ]);
  return {
    manifest: target.manifest,
    root: target.root,
    recordings: resolved.length,
    unreadable,
    machines: new Set(resolved.map(({ entry }) => entry.machine)).size,
    ...(await weigh(measured, target)),
    findings: gathered,
    path: chooseLearningPath(resolved.map(({ entry }) => entry)),
    passed: gathered.every(({ severity }) => severity !== "error"),
  };
}

/** The place is said once: before the message, not in it again. */
function describeRefusal(error: AuroraError, { where, file }: Pick<Finding, "where" | "file">): Finding {
  const message = error.message.startsWith(`${where}: `)
    ? error.message.slice(where.length + 2)
    : error.message;
  return {
    severity: "error",
    check: "entry",
    where,
    file,
    message: message.replaceAll(/no --channel says which/g, "no `channel:` says which"),
    cure: error.hint ?? "mend the entry",
  };
}

/** Copies of a window that training keeps at most: served, at half the hop, and under two levels of noise. */
const copiesOfWindow = 5;
const bytesOfNumber = 4;
const megabyte = 1024 * 1024;

async function weigh(
  measured: readonly MeasuredRecording[],
  { expectations, features }: DataTarget,
): Promise<Pick<DataCheck, "bytes" | "hours" | "memoryMb">> {
  const files = new Map<string, ResolvedEntry>(measured.map(({ resolved }) => [resolved.path, resolved]));
  let bytes = 0;
  for (const path of files.keys()) bytes += (await stat(path)).size;
  let [seconds, windows, largest] = [0, 0, 0];
  for (const { samples, resolved } of measured) {
    const own = samples / resolved.entry.sampleRateHz;
    seconds += own;
    const { unit, length } = expectations.window;
    windows += own / secondsOf(length, unit, resolved.entry.shaftRpm);
    largest = Math.max(largest, Math.min(samples, 2 ** 24));
  }
  return {
    bytes,
    hours: seconds / 3600,
    memoryMb: {
      rows: Math.ceil((windows * copiesOfWindow * features * bytesOfNumber) / megabyte),
      // Counts, twice while they grow, and a noisy copy.
      part: Math.ceil((largest * 2 * 3) / megabyte),
    },
  };
}
