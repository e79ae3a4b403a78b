/** `aurora score`: recordings in files through a bundle, with the gateway's own results. */
import { Command } from "commander";
import { AuroraError } from "../../contract/aurora-error.ts";
import type { LoadedBundle } from "../../gateway/loaded-bundle.ts";
import { createProgressBar } from "../progress-bar.ts";
import { doubtBearing } from "../score/doubt-bearing.ts";
import type { FileSummary } from "../score/file-summary.ts";
import { withBundle } from "../score/open-bundle.ts";
import {
  isBaselineFile,
  learnBaseline,
  type ReadBaseline,
  readBaseline,
  writeBaseline,
} from "../score/read-baseline.ts";
import { openSources, scoreFiles } from "../score/score-files.ts";
import { fewestRevolutions } from "../score/short-window.ts";
import {
  addSidecarOptions,
  createDescriber,
  type Describer,
  type SidecarFlags,
  sidecarHelp,
} from "../score/sidecar-options.ts";

interface ScoreFlags extends SidecarFlags {
  readonly input: string[];
  readonly out: string;
  readonly baseline?: string[];
  readonly writeBaseline?: string;
  readonly json?: boolean;
}

/** Builds the command. */
export function scoreCommand(): Command {
  const command = new Command("score")
    .argument("<dir>", "the bundle's folder; its digests are checked, not who signed it")
    .requiredOption("--input <file...>", "files to score, of any of the formats")
    .requiredOption(
      "--out <file>",
      "one row a window, as JSON lines where the name ends in .jsonl, else as CSV; it appears when all files are scored",
    )
    .option(
      "--baseline <file...>",
      "the machine when it was healthy: a baseline's .json, or recordings of it",
    )
    .option("--write-baseline <file>", "keep the baseline that was learnt of --baseline's recordings");
  return addSidecarOptions(command)
    .option("--json", "print the summaries as one JSON object")
    .addHelpText(
      "after",
      `${sidecarHelp}

Rows:      file, window (from 0), from_ms and to_ms (since the file's first sample), shaft_rpm, quantised_<mode> (the
           student's integers, the same as on the gateway), probability_<mode>, fault_probability, short.
           short is 1 where a window is shorter than the bundle's: a recording of 8 revolutions or more that is shorter
           than one window is scored as one of its own length.
Summary:   probabilities     of the windows' mean logits, calibrated, one a failure mode; a file of fewer than ten windows is
                             summed up over windows that overlap by two thirds, rows are not
           faultProbability  that any fault is there: of the mean of the student's logits with and without side bands, which
                             stand elsewhere on every machine; it and the modes' probabilities each take their own question
                             for even beforehand (this fault or not, any or none), so it may be the lower one
           severity          median over the recording's tenths of a second, in dB above severityReference: baseline (of
                             --baseline), bundle (other machines: only the trend means something) or unit (1 g); without
                             --scale and --unit the file's numbers are taken for g; a machine that is too loud for the
                             range is heard clipped: at least as severe as it says
           shortWindows      windows that are shorter than the bundle's
           setAside          windows lost to bad data, and samples by reason
           error             why a file, or the rest of it, could not be read; the other files are scored
           Probabilities are null where a file has no window. The exit code is 1 where a file has an error, or says nothing at all.

Examples:
  $ aurora score models/bearing-vibration/1.0.0 --input a.npy b.mat --out predictions.csv --json \\
      --rate-hz 12000 --shaft-rpm 1797 --channel '*DE_time' --bearing bpfo=3.5848,bpfi=5.4152,bsf=4.7135,ftf=0.39828
  $ aurora score models/bearing-vibration/1.0.0 --input run/*.csv --out wear.jsonl --channel accel --unit g \\
      --rate-hz 25600 --shaft-rpm 1800 --bearing balls=13,ball_diameter=3.5,pitch_diameter=25.6 \\
      --baseline run/0001.csv run/0002.csv --write-baseline healthy.json
  $ aurora score models/bearing-vibration/1.0.0 --input *.parquet --out p.csv --bearing geometries.yaml`,
    )
    .action(async (dir: string, flags: ScoreFlags) => {
      const describer = await createDescriber(flags);
      const doubts = new Set<string>();
      const describeFile: Describer["describe"] = async (path) => {
        const description = await describer.describe(path);
        const doubt = doubtBearing(description.sidecar.bearing);
        if (doubt !== null) doubts.add(doubt);
        return description;
      };
      const bar = createProgressBar();
      const { ref, files, known } = await withBundle(dir, async (bundle) => {
        const learnt = await obtainBaseline(bundle, flags, describer);
        const scored = await scoreFiles(bundle, {
          files: flags.input,
          describe: describeFile,
          out: flags.out,
          baseline: learnt?.baseline ?? null,
          progress: bar.update,
        }).finally(bar.end);
        return { ref: bundle.ref, files: scored, known: learnt };
      });
      for (const doubt of doubts) process.stderr.write(`warning: bearing: ${doubt}\n`);
      for (const warning of known?.warnings ?? []) process.stderr.write(`warning: baseline: ${warning}\n`);
      process.stdout.write(
        flags.json === true
          ? `${JSON.stringify({ model: ref, out: flags.out, baseline: describeBaseline(known), files })}\n`
          : files
              .filter(({ error }) => error === undefined)
              .map(describe)
              .join(""),
      );
      for (const file of files) complain(file);
      const short = files.filter(
        (file) => file.windows === 0 && file.error === undefined && !saysNothing(file),
      );
      if (short.length > 0)
        process.stderr.write(
          `note: ${short.length} of ${files.length} files have no window that could be scored (of ${fewestRevolutions} revolutions or more): severity only\n`,
        );
      const failed = files.filter((file) => file.error !== undefined || saysNothing(file));
      if (failed.length === 0) return;
      process.exitCode = files.every(({ error }) => error?.code === "USAGE") ? 2 : 1;
    });
}

async function obtainBaseline(
  bundle: LoadedBundle,
  { baseline: paths, writeBaseline: target }: ScoreFlags,
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
  if (paths.length === 1 && isBaselineFile(first!)) return await readBaseline(first!, bundle);
  const learnt = await learnBaseline(bundle, openSources(bundle, paths, describeFile));
  if (target !== undefined) await writeBaseline(target, learnt.baseline);
  return learnt;
}

function describeBaseline(known: ReadBaseline | null): object | null {
  if (known === null) return null;
  const { version, windows, shaftRpm } = known.baseline;
  return { version, windows, shaftRpm, warnings: known.warnings };
}

function describe({ file, windows, shortWindows, probabilities, ...rest }: FileSummary): string {
  const show = (value: number | null): string => (value === null ? "-" : value.toFixed(3));
  const modes = Object.entries(probabilities).map(([mode, value]) => `${mode} ${show(value)}`);
  const lost = rest.setAside.windows === 0 ? "" : ` (${rest.setAside.windows} lost to bad data)`;
  const short = shortWindows === 0 ? "" : " (shorter than the bundle's)";
  const { severity } = rest;
  const above = { baseline: "over the baseline", bundle: "over the bundle's reference", unit: "over 1 g" };
  const level = severity === null ? "no level" : `${severity.toFixed(1)} dB ${above[rest.severityReference]}`;
  return `${file}: ${windows} windows${lost}${short}, fault ${show(rest.faultProbability)}: ${modes.join(", ")}, ${level}\n`;
}

/** Neither a diagnosis nor a severity. */
function saysNothing({ windows, severity }: FileSummary): boolean {
  return windows === 0 && severity === null;
}

/** Says on stderr what is wrong with a file, if anything is. */
function complain(summary: FileSummary): void {
  const { file, setAside, error } = summary;
  if (error !== undefined) {
    const where = error.message.includes(file) ? "" : `${file}: `;
    process.stderr.write(`error: ${where}${error.message}\nhint: ${error.hint}\n`);
    return;
  }
  if (!saysNothing(summary)) return;
  const reasons = Object.keys(setAside.samples).join(", ");
  process.stderr.write(`error: ${file}: no window could be scored\n`);
  process.stderr.write(
    reasons === "" && setAside.windows === 0
      ? `hint: it is shorter than ${fewestRevolutions} revolutions; check --rate-hz and --shaft-rpm\n`
      : `hint: data was set aside (${reasons || "features not finite"}): check the sensor and --rate-hz; without --scale and --unit no range is held against it\n`,
  );
}
