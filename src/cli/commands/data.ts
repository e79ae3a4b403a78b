/** `aurora data`: recordings of one's own, listed and looked at before anything is learnt from them. */
import { Command } from "commander";
import { loadTrustedKeys } from "../../core/bundle/keys.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { checkRecordings } from "../data/check-recordings.ts";
import { checkTables, type TableCheck } from "../data/check-tables.ts";
import { readDataKind } from "../data/data-target.ts";
import { type InitialisedData, initRecordings } from "../data/init-recordings.ts";
import { sayCheck } from "../data/say-check.ts";
import { releaseKeyFile } from "../installation.ts";
import { addSidecarOptions, type SidecarFlags } from "../score/sidecar/sidecar-options.ts";
import { countOf } from "../terminal/count-of.ts";
import { printReply } from "../terminal/print-reply.ts";
import { createProgressBar } from "../terminal/progress-bar.ts";

interface InitFlags extends SidecarFlags {
  readonly force?: boolean;
  readonly scratch?: boolean;
  readonly json?: boolean;
}

interface CheckFlags {
  readonly data?: string;
  readonly keys?: string[];
  readonly json?: boolean;
}

export function dataCommand(): Command {
  return new Command("data")
    .addCommand(initCommand())
    .addCommand(checkCommand())
    .addHelpText(
      "after",
      `
Example:
  $ aurora data init rig && aurora data check rig
`,
    );
}

function initCommand(): Command {
  return addSidecarOptions(
    new Command("init")
      .description("write a manifest and a training configuration for a folder of recordings")
      .argument("<dir>", "folder of the recordings"),
  )
    .option(
      "--scratch",
      "a configuration that learns from scratch; default: one that goes on from the shipped bundle",
    )
    .option("--force", "write over the two files that are there")
    .option("--json", "print what was found as one JSON object")
    .addHelpText(
      "after",
      `
Labels are read from names: healthy, normal, ok; inner, outer, ball, roller (and ir, or, bpfi, bpfo,
bsf); faulty, damaged, defect. The machine is the folder beside the label, or what the files' names
begin with:
  healthy/turbine1/0001.wav   inner-race/turbine2/0001.wav   outer/t3_0001.csv   t4/ball/a.npy
Of raw evidence (\`aurora evidence get\`, a collector's evidence folder) the .json beside each says
machine and time. Its label is that of a folder it was sorted into, else "label" in the .json, else
the verdict: healthy, or the one failure mode of its alarm. Written are DIR/recordings.yaml and
DIR/train.yaml. What no name says (rate, speed, unit, bearing) may be given here for all recordings;
else it stands in the manifest as a comment, and \`aurora data check\` asks for it.

Example:
  $ aurora data init rig --rate-hz 25600 --shaft-rpm 1500 --unit g \\
      --bearing balls=9,ball_diameter=7.94,pitch_diameter=39.04
`,
    )
    .action(async (dir: string, flags: InitFlags) => {
      const { force = false, scratch = false, json, bearings, bearing, ...rest } = flags;
      if (bearings !== undefined || typeof bearing === "string") {
        throw new AuroraError("USAGE", "a file of geometries is not copied into a manifest", {
          op: "data init",
          subject: "--bearing",
          hint: "give the orders or the geometry of one bearing; for several of them name each under `bearings:` in the manifest",
        });
      }
      const written = await initRecordings(dir, { stated: { ...rest, bearing }, force, scratch });
      printReply(json, written, () => sayWritten(written));
    });
}

function sayWritten({ manifest, config, entries, unlabelled, others }: InitialisedData): string {
  const files = entries.reduce((sum, entry) => sum + entry.files, 0);
  const machines = new Set(entries.flatMap(({ machine }) => machine ?? [])).size;
  const labels = [...new Set(entries.flatMap(({ label }) => label ?? []))].join(", ") || "no label";
  const verdicts = entries.filter(({ note }) => note?.isVerdict === true).length;
  const asked = entries.filter(({ label, machine }) => label === null || machine === null).length;
  const left = [
    ...(asked === 0
      ? []
      : [
          `${asked} entries say TODO where no name says label or machine for sure, or two contradict each other: fill them in first`,
        ]),
    ...(unlabelled.length === 0
      ? []
      : [
          `${unlabelled.length} recordings have no label in their names or beside them: they stand in the manifest as comments`,
        ]),
    ...(verdicts === 0
      ? []
      : [
          `${verdicts} labels are the verdict of the model that took the recording, which nobody has confirmed: look at them first, or a model learns its own mistakes`,
        ]),
    ...(others === 0 ? [] : [`${others} other files were passed over`]),
  ];
  return `${[
    `${manifest}: ${countOf(files, "recording")} of ${countOf(machines, "machine")} (${labels})`,
    `${config}: written`,
    ...left,
    `Next:\n  aurora data check ${quoteWord(config)}\n  aurora train ${quoteWord(config)}`,
  ].join("\n")}\n`;
}

/** As a shell takes it for one word. */
function quoteWord(path: string): string {
  return /[^\p{L}\p{N}_@%+=:,./-]/u.test(path) ? `'${path.replaceAll("'", "'\\''")}'` : path;
}

function checkCommand(): Command {
  return new Command("check")
    .description("find what would spoil a training on recordings, or on tables of ten-minute values")
    .argument("<file>", "a manifest of recordings, a training configuration, or a folder that holds one")
    .option(
      "--data <dir>",
      "folder of the data (default: that of the manifest; for tables AURORA_DATA, then ../shared/data)",
    )
    .option(
      "--keys <path...>",
      "trusted public keys of a bundle that the configuration goes on `from` (default: the release key of this installation)",
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Every recording is read once. Looked for are: entries that nobody can read; rates that lie (against
what a .wav or .mat states, a stated duration, a column of times); recordings that are silent,
stuck, clipped, too short, outside the data contract or there twice under two names; missing units
and bearings; a bearing with two faults, one name for two machines, a label that stands for a
machine; of a training configuration too few windows of healthy machines, and nobody to judge by.
Said as well is which of three ways the recordings allow: the shipped bundle with a machine's own
baseline, fine-tuning, or learning from scratch.
Of a configuration with dataset.kind: scada-table every row and every line of the log is read.
Looked for are: columns in another unit than is said; a table or a log of another clock; another
interval; repeated, frozen and missing rows; two turbines with the same rows; readings outside their
channel's range; turbines and components that nobody knows.

Exit code 0 without errors (there may be warnings), 1 with any, 2 for wrong usage.

Examples:
  $ aurora data check rig/recordings.yaml --json
  $ aurora data check models/turbine-scada/train.yaml --data ../shared/data
`,
    )
    .action(async (file: string, flags: CheckFlags) => {
      const { data, json } = flags;
      if ((await readDataKind(file)) === "scada-table") {
        const tables = await checkTables(file, data);
        printReply(json, tables, () => sayTableCheck(tables));
        if (!tables.passed) process.exitCode = 1;
        return;
      }
      const bar = createProgressBar();
      const keys = await loadTrustedKeys(flags.keys ?? releaseKeyFile());
      const check = await checkRecordings(file, { data, keys }, bar.update).finally(bar.end);
      printReply(json, check, () => sayCheck(check));
      if (!check.passed) process.exitCode = 1;
    });
}

function sayTableCheck({ findings, turbines, logLines }: TableCheck): string {
  const found = findings.flatMap(({ severity, where, message, cure }) => [
    `${severity}: ${where}: ${message}`,
    `  ${cure}`,
  ]);
  const spans = turbines.map(
    ({ turbine, rows, from, to }) =>
      `${turbine}: ${rows} rows${rows === 0 ? "" : ` from ${from.slice(0, 10)} to ${to.slice(0, 10)}`}`,
  );
  return `${[...found, ...spans, `${logLines} lines of the log`].join("\n")}\n`;
}
