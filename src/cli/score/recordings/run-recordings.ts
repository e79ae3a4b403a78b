/** `aurora score` of recordings: scores them, prints what they come to, and says on stderr what is wrong with any. */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { fewestRevolutions } from "../../../core/features/spectrum-pool.ts";
import { printableLine } from "../../../core/platform/printable.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import { countOf } from "../../terminal/count-of.ts";
import { printReply } from "../../terminal/print-reply.ts";
import { createProgressBar } from "../../terminal/progress-bar.ts";
import { adviseOnReasons, complainOfFile, exitCodeOf, warnOf, warnThat } from "../files/file-report.ts";
import { expectOtherOutput } from "../files/row-writer.ts";
import { listBearingDoubts } from "../sidecar/bearing-doubts.ts";
import { createDescriber, type Describer, type SidecarFlags } from "../sidecar/sidecar-options.ts";
import { type FileSummary, probabilityKey } from "./file-summary.ts";
import {
  isBaselineFile,
  learnBaseline,
  type ReadBaseline,
  readBaseline,
  writeBaseline,
} from "./read-baseline.ts";
import { createRecordingDoubts } from "./recording-doubts.ts";
import { openEachRecording, scoreFiles } from "./score-files.ts";
import { createUnitDoubts } from "./unit-doubts.ts";

export interface RecordingFlags extends SidecarFlags {
  readonly input: readonly string[];
  readonly out: string;
  readonly baseline?: readonly string[];
  readonly writeBaseline?: string;
  readonly json?: boolean;
}

/** Returns the exit code. Fails with USAGE, STORE, CONFIG_INVALID, DATA_* of a baseline, INFERENCE. */
export async function runRecordings(bundle: LoadedBundle, flags: RecordingFlags): Promise<number> {
  expectOutputsApart(flags);
  const describer = await createDescriber(flags);
  const doubts = new Set<string>();
  const describeFile: Describer["describe"] = async (path) => {
    const description = await describer.describe(path);
    for (const doubt of listBearingDoubts(bundle.manifest, description.sidecar)) doubts.add(doubt);
    return description;
  };
  const unitDoubts = createUnitDoubts();
  const recordingDoubts = createRecordingDoubts();
  const bar = createProgressBar();
  const score = async () => {
    const known = await obtainBaseline(bundle, flags, describer);
    const files = await scoreFiles(bundle, {
      files: flags.input,
      describe: describeFile,
      out: flags.out,
      baseline: known?.baseline ?? null,
      onOpened: unitDoubts.look,
      onRead: recordingDoubts.look,
      progress: bar.update,
    }).finally(bar.end);
    return { known, files };
  };
  // Also where it fails: they may say why.
  const { known, files } = await score().finally(() => warnThat(describer.listWarnings()));
  warnOf("bearing", doubts);
  warnOf("unit", unitDoubts.list());
  warnOf("speed", recordingDoubts.listSpeed());
  warnOf("level", recordingDoubts.listClipping());
  warnOf("baseline", known?.warnings ?? []);
  printReply(
    flags.json,
    { model: bundle.ref, out: flags.out, baseline: describeBaseline(known), files },
    () =>
      files
        .filter(({ error }) => error === undefined)
        .map((file) => describe(file, unitDoubts.isKnown(file.file)))
        .join(""),
  );
  for (const file of files) complain(file, unitDoubts.isKnown(file.file));
  noteSeverityOnly(files);
  return exitCodeOf(files, saysNothing);
}

/** Neither table nor baseline may replace a recording, a description, or the other. */
function expectOutputsApart({
  input,
  out,
  baseline = [],
  writeBaseline: target,
  ...sidecar
}: RecordingFlags): void {
  const files = [sidecar.bearings, sidecar.bearing].filter((each) => typeof each === "string");
  const read = [...input, ...baseline, ...files.map((file) => file.replace(/#[^#]*$/, "")), ...files];
  expectOtherOutput(read, out);
  if (target !== undefined) expectOtherOutput([...read, out], target, "--write-baseline");
}

function noteSeverityOnly(files: readonly FileSummary[]): void {
  const short = files.filter((file) => file.windows === 0 && file.error === undefined && !saysNothing(file));
  if (short.length === 0) return;
  process.stderr.write(
    `note: ${short.length} of ${files.length} files are shorter than ${fewestRevolutions} revolutions of the shaft ` +
      "(its speed is in revolutions a minute): a severity, but no diagnosis\n",
  );
}

async function obtainBaseline(
  bundle: LoadedBundle,
  { baseline: paths, writeBaseline: target }: RecordingFlags,
  { describe: describeFile }: Describer,
): Promise<ReadBaseline | null> {
  if (paths === undefined) {
    if (target === undefined) return null;
    throw new AuroraError("USAGE", "there is nothing to learn a baseline of", {
      op: "score",
      subject: "--write-baseline",
      hint: "name recordings of the healthy machine with --baseline",
    });
  }
  const [first] = paths;
  if (paths.length === 1 && isBaselineFile(first!)) {
    if (target === undefined) return await readBaseline(first!, bundle);
    throw new AuroraError("USAGE", `${first} is a baseline already: there is nothing to learn`, {
      op: "score",
      subject: "--write-baseline",
      hint: "give --baseline recordings, or leave --write-baseline out",
    });
  }
  const learnt = await learnBaseline(bundle, openEachRecording(bundle, paths, describeFile));
  if (target !== undefined) await writeBaseline(target, learnt.baseline);
  return learnt;
}

function describeBaseline(known: ReadBaseline | null): object | null {
  if (known === null) return null;
  const { version, windows, shaftRpm } = known.baseline;
  return { version, windows, shaftRpm, warnings: known.warnings };
}

function describe(
  { file, windows, shortWindows, probabilities, ...rest }: FileSummary,
  isUnitKnown: boolean,
): string {
  const show = (value: number | null): string => (value === null ? "-" : value.toFixed(3));
  const modes = Object.entries(probabilities).map(([mode, value]) => `${mode} ${show(value)}`);
  const lost = describeLosses(rest.setAside);
  const some = shortWindows < windows ? `${shortWindows} of them ` : "";
  const short = shortWindows === 0 ? "" : ` (${some}shorter than the bundle's)`;
  const { severity } = rest;
  const above = { baseline: "over the baseline", bundle: "over the bundle's reference", unit: "over 1 g" };
  const condition = isUnitKnown || rest.severityReference === "baseline" ? "" : " if its numbers are g";
  const level =
    severity === null ? "no level" : `${severity.toFixed(1)} dB ${above[rest.severityReference]}${condition}`;
  const names = rest.foreignModes.map((mode) => probabilityKey(mode)).join(", ");
  const foreign =
    names === "" ? "" : `; ${names}: nothing but electrical hum or lines of the shaft, a gateway would wait`;
  return `${file}: ${countOf(windows, "window")}${lost}${short}, fault ${show(rest.faultProbability)}: ${modes.join(", ")}, ${level}${foreign}\n`;
}

function describeLosses({ windows, samples }: FileSummary["setAside"]): string {
  const lost = Object.entries(samples).map(
    ([reason, count]) => `${countOf(count, "sample")} set aside: ${reason}`,
  );
  if (windows > 0) lost.unshift(`${windows} lost to bad data`);
  return lost.length === 0 ? "" : ` (${lost.join(", ")})`;
}

/** No diagnosis, and no severity, or one of data that was set aside. */
function saysNothing({ windows, severity, setAside }: FileSummary): boolean {
  const isBad = setAside.windows > 0 || Object.keys(setAside.samples).length > 0;
  return windows === 0 && (severity === null || isBad);
}

/** Says on stderr what is wrong with a file, if anything is. */
function complain(summary: FileSummary, isUnitKnown: boolean): void {
  if (complainOfFile(summary)) return;
  const { file, setAside } = summary;
  if (!saysNothing(summary)) return;
  process.stderr.write(
    `error: ${printableLine(file)}: no window could be scored\nhint: ${adviseOn(setAside, isUnitKnown)}\n`,
  );
}

/** Why a file says nothing, and what to look at. */
function adviseOn({ windows, samples }: FileSummary["setAside"], isUnitKnown: boolean): string {
  const reasons = Object.keys(samples).join(", ");
  if (reasons === "no-shaft-speed")
    return "the shaft stands, or its speed is missing, in every window: check the channel of the speed";
  if (reasons !== "") {
    const unheld = isUnitKnown ? "" : "; without --scale and --unit no range is held against it";
    return `data was set aside (${reasons}): ${adviseOnReasons(Object.keys(samples))}${unheld}`;
  }
  return windows === 0
    ? `it is shorter than ${fewestRevolutions} revolutions; check its sampling rate and its shaft's speed`
    : "in each window the signal is dead or broken, or the speed moves by more than half: check the sensor and the speed";
}
