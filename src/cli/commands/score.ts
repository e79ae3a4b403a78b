/** `aurora score`: recordings in files through a bundle, with the gateway's own results. */
import { Command } from "commander";
import type { FileSummary } from "../score/file-summary.ts";
import { withBundle } from "../score/open-bundle.ts";
import { scoreFiles } from "../score/score-files.ts";
import { fewestRevolutions } from "../score/short-window.ts";
import { addSidecarOptions, type SidecarFlags, sidecarHelp } from "../score/sidecar.ts";

interface ScoreFlags extends SidecarFlags {
  readonly input: string[];
  readonly out: string;
  readonly json?: boolean;
}

/** Builds the command. */
export function scoreCommand(): Command {
  const command = new Command("score")
    .argument("<dir>", "the bundle's folder; its digests are checked, not who signed it")
    .requiredOption("--input <file...>", "files to score")
    .requiredOption("--out <file>", "CSV with one row a window; it appears when all files are scored");
  return addSidecarOptions(command)
    .option("--json", "print the summaries as one JSON object")
    .addHelpText(
      "after",
      `${sidecarHelp}

Rows:      file, window (from 0), from_ms and to_ms (since the file's first sample), shaft_rpm, quantised_<mode> (the
           student's integers, the same as on the gateway), probability_<mode>, fault_probability, short.
           short is 1 where a window is shorter than the bundle's: a recording of 8 revolutions or more that is shorter
           than one window is scored as one of its own length.
Summary:   probabilities     of the windows' mean logits, calibrated, one a failure mode
           faultProbability  that any fault is there
           severity          null: this format of bundle gives none
           shortWindows      windows that are shorter than the bundle's
           setAside          windows lost to bad data, and samples by reason
           error             why a file, or the rest of it, could not be read; the other files are scored
           Probabilities are null where a file has no window; the exit code is 1 then, and where a file has an error.

Examples:
  $ aurora score models/bearing-vibration/1.0.0 --input a.npy b.npy --out predictions.csv --json \\
      --rate-hz 12000 --shaft-rpm 1797 --scale 0.000162 --channel 0 \\
      --bearing bpfo=3.5848,bpfi=5.4152,bsf=4.7135,ftf=0.39828
  $ aurora score models/bearing-vibration/1.0.0 --input log.csv --out predictions.csv --channel accel \\
      --rate-hz 51200 --shaft-rpm 600 --bearing bpfo=3.5848,bpfi=5.4152,bsf=4.7135,ftf=0.39828`,
    )
    .action(async (dir: string, flags: ScoreFlags) => {
      const { rateHz, shaftRpm, bearing } = flags;
      const { ref, files } = await withBundle(dir, async (bundle) => ({
        ref: bundle.ref,
        files: await scoreFiles(bundle, {
          files: flags.input,
          channel: flags.channel ?? null,
          sidecar: { rateHz, shaftRpm, bearing, scale: flags.scale ?? null },
          out: flags.out,
        }),
      }));
      process.stdout.write(
        flags.json === true
          ? `${JSON.stringify({ model: ref, out: flags.out, files })}\n`
          : files
              .filter(({ error }) => error === undefined)
              .map(describe)
              .join(""),
      );
      for (const file of files) complain(file);
      const failed = files.filter(({ windows, error }) => windows === 0 || error !== undefined);
      if (failed.length === 0) return;
      process.exitCode = files.every(({ error }) => error?.code === "USAGE") ? 2 : 1;
    });
}

function describe({ file, windows, shortWindows, probabilities, ...rest }: FileSummary): string {
  const show = (value: number | null): string => (value === null ? "-" : value.toFixed(3));
  const modes = Object.entries(probabilities).map(([mode, value]) => `${mode} ${show(value)}`);
  const lost = rest.setAside.windows === 0 ? "" : ` (${rest.setAside.windows} lost to bad data)`;
  const short = shortWindows === 0 ? "" : " (shorter than the bundle's)";
  return `${file}: ${windows} windows${lost}${short}, fault ${show(rest.faultProbability)}: ${modes.join(", ")}\n`;
}

/** Says on stderr what is wrong with a file, if anything is. */
function complain({ file, windows, setAside, error }: FileSummary): void {
  if (error !== undefined) {
    const where = error.message.includes(file) ? "" : `${file}: `;
    process.stderr.write(`error: ${where}${error.message}\nhint: ${error.hint}\n`);
    return;
  }
  if (windows > 0) return;
  const reasons = Object.keys(setAside.samples).join(", ");
  process.stderr.write(`error: ${file}: no window could be scored\n`);
  process.stderr.write(
    reasons === "" && setAside.windows === 0
      ? `hint: it is shorter than ${fewestRevolutions} revolutions; check --rate-hz and --shaft-rpm\n`
      : `hint: data was set aside (${reasons || "features not finite"}): check the sensor and --rate-hz; without --scale and --unit no range is held against it\n`,
  );
}
