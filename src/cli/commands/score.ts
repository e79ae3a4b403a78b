/** `aurora score`: recordings or tables in files through a bundle, with the gateway's own results. */
import { Command } from "commander";
import { readsRows, withBundle } from "../score/files/open-bundle.ts";
import { type RecordingFlags, runRecordings } from "../score/recordings/run-recordings.ts";
import {
  addReplayOptions,
  checkReplayOptions,
  type ReplayFlags,
  replayHelp,
} from "../score/replay/replay-options.ts";
import { runReplay } from "../score/replay/run-replay.ts";
import { addSidecarOptions, sidecarHelp } from "../score/sidecar/sidecar-options.ts";
import { runTables } from "../score/tables/run-tables.ts";
import {
  addTableOptions,
  refuseForeignOptions,
  type TableFlags,
  tableHelp,
} from "../score/tables/table-options.ts";

interface ScoreFlags extends RecordingFlags, TableFlags, ReplayFlags {}

export function scoreCommand(): Command {
  const command = new Command("score")
    .argument("<dir>", "the bundle's folder; its digests are checked, not who signed it")
    .option("--input <file...>", "files to score: recordings or tables, as the bundle reads them")
    .option(
      "--out <file>",
      "one row a window, as JSON lines where the name ends in .jsonl, else as CSV; it appears when all files are scored; needed unless --decide",
    )
    .option(
      "--baseline <file...>",
      "the machine when it was healthy: a baseline's .json, or recordings of it",
    )
    .option("--write-baseline <file>", "keep the baseline that was learnt of --baseline's recordings");
  return addReplayOptions(addTableOptions(addSidecarOptions(command)))
    .option(
      "--json",
      "print one JSON object: the summaries, or the error that kept all files from being scored",
    )
    .addHelpText(
      "after",
      `
A bundle for vibration scores recordings; a bundle of normal behaviour scores tables of readings
(see Tables, below). What is wrong with one file is said of that file; the others are scored, and
the exit code is 1 (2 where the options lack something for every file).

Recordings${sidecarHelp}

${recordingHelp}
${replayHelp}
${tableHelp}

Examples:
  $ aurora score models/bearing-vibration/1.0.0 --input a.npy b.mat --out predictions.csv --json \\
      --rate-hz 12000 --shaft-rpm 1797 --channel '*DE_time' \\
      --bearing bpfo=3.5848,bpfi=5.4152,bsf=4.7135,ftf=0.39828
  $ aurora score models/bearing-vibration/1.0.0 --input run/*.csv --out wear.jsonl \\
      --channel accel --unit g --rate-hz 25600 --shaft-rpm 1800 \\
      --bearing balls=13,ball_diameter=3.5,pitch_diameter=25.6 \\
      --baseline run/0001.csv run/0002.csv --write-baseline healthy.json
  $ aurora score models/bearing-vibration/1.0.0 --input *.parquet --out p.csv \\
      --bearing geometries.yaml
  $ aurora score models/bearing-vibration/1.0.0 --decide --input week/2004.02.* \\
      --point b1='*#0' b2='*#1' --rate-hz 20480 --shaft-rpm 2000 \\
      --bearing bpfo=7.092,bpfi=8.908,bsf=8.395,ftf=0.4433
  $ aurora score models/turbine-scada/1.0.0 --input scada/*.csv --out rows.csv \\
      --columns columns.yaml
  $ aurora score models/turbine-scada/1.0.0 --input ../shared/data/edp/T*.parquet \\
      --out rows.csv --json --turbine T01='T01_*' T06='T06_*' T07='T07_*' T11='T11_*' \\
      --repairs ../shared/data/edp/htw-failures-*.csv`,
    )
    .action(async (dir: string, flags: ScoreFlags) => {
      process.exitCode = await withBundle(
        dir,
        (loaded, bundle) => {
          if (readsRows(bundle)) return runTables(loaded, bundle, flags);
          return flags.decide === true ? runReplay(loaded, flags) : runRecordings(loaded, flags);
        },
        (bundle) => {
          refuseForeignOptions(readsRows(bundle) ? "tables" : "recordings", flags);
          checkReplayOptions(flags);
        },
      );
    });
}

const recordingHelp = `Rows:      file, window (from 0), from_ms and to_ms (since the file's first sample), shaft_rpm,
           quantised_<mode> (the student's integers, the same as on the gateway),
           probability_<mode> (what the gateway decides upon), fault_probability, short.
           short is 1 where a window is shorter than the bundle's: a recording of 8 revolutions or
           more that is shorter than one window is scored as one of its own length; and what stands
           by itself between two gaps, a snapshot.
Summary:   probabilities     of the windows' mean logits, one a failure mode, calibrated for
                             machines that nobody trained on (half by the mode's own calibration,
                             half by the mean of all: rows have its own); a file of fewer than ten
                             windows is summed up over windows that overlap by two thirds, rows are
                             not
           faultProbability  that any fault is there: of the mean of the student's logits with and
                             without side bands, which stand elsewhere on every machine; it and the
                             modes' probabilities each take their own question for even beforehand
                             (this fault or not, any or none), so it may be the lower one. Where a
                             bearing has two kinds of fault in one place it is that of either
                             From 24 kHz on two bands are heard, up to 5 kHz and above (to 16 kHz),
                             by the gateway, too: all probabilities, of rows as of files, rest on
                             both; quantised_<mode> are of the lower one, the same on every engine
                             A recording that is faster than the bundle takes (52 kHz) is heard at a
                             half, a third, … of its rate
           severity          median over the recording's tenths of a second, in dB above
                             severityReference: baseline (of --baseline), bundle (other machines:
                             only the trend means something) or unit (1 g); without --scale and
                             --unit the file's numbers are taken for g; a machine that is too loud
                             for the range is heard clipped: at least as severe as it says
           shortWindows      windows that are shorter than the bundle's
           foreignModes      failure modes of which in most windows nothing speaks but lines where
                             electrical hum (of the mains; of an inverter with --pole-pairs) or the
                             shaft's harmonics (and, with --geared-shafts, those of shafts that are
                             geared to it) stand: a gateway raises none of these within minutes
           setAside          windows lost to bad data, and samples by reason
           error             why a file, or the rest of it, could not be read; the other files are
                             scored
           Probabilities are null where a file has no window. A file that says nothing at all counts
           as wrong. A damaged cage is no failure mode of bearing-vibration: what it makes may be
           told as another part's fault, since harmonics of its speed are the outer race's lines.`;
