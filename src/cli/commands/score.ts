/** `aurora score`: recordings in files through a bundle, with the gateway's own results. */
import { Command } from "commander";
import type { FileSummary } from "../score/file-summary.ts";
import { withBundle } from "../score/open-bundle.ts";
import { scoreFiles } from "../score/score-files.ts";
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
           student's integers, the same as on the gateway), probability_<mode>, fault_probability.
Summary:   probabilities     mean over the file's windows of each failure mode's calibrated probability
           faultProbability  mean over the windows of the highest of the window's probabilities
           severity          null: this format of bundle gives none
           setAside          windows lost to bad data, and samples by reason
           Means are null, and the exit code is 1, where a file has no window that could be scored.

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
          : files.map(describe).join(""),
      );
      const empty = files.filter(({ windows }) => windows === 0);
      if (empty.length === 0) return;
      process.exitCode = 1;
      for (const { file, setAside } of empty) {
        const reasons = Object.keys(setAside.samples).join(", ");
        process.stderr.write(`error: ${file}: no window could be scored\n`);
        process.stderr.write(
          reasons === "" && setAside.windows === 0
            ? "hint: it is shorter than one window; `aurora bundle inspect` shows the window's revolutions\n"
            : `hint: data was set aside (${reasons || "features not finite"}): check --scale, --rate-hz and the sensor\n`,
        );
      }
    });
}

function describe({ file, windows, probabilities, faultProbability, setAside }: FileSummary): string {
  const show = (value: number | null): string => (value === null ? "-" : value.toFixed(3));
  const modes = Object.entries(probabilities).map(([mode, value]) => `${mode} ${show(value)}`);
  const lost = setAside.windows === 0 ? "" : ` (${setAside.windows} lost to bad data)`;
  return `${file}: ${windows} windows${lost}, fault ${show(faultProbability)}: ${modes.join(", ")}\n`;
}
