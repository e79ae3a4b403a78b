/** `aurora explain`: what the prediction of one window is made of, as bars or JSON. */
import { Command } from "commander";
import { printableValue } from "../../core/platform/printable.ts";
import { openSampleFile } from "../../training/dataset/samples/sample-file.ts";
import { readOffset, readTime } from "../score/files/explained-moment.ts";
import { warnOf, warnThat } from "../score/files/file-report.ts";
import { readsRows, withBundle } from "../score/files/open-bundle.ts";
import { explainFile, renderExplanation } from "../score/recordings/explain-file.ts";
import { listBearingDoubts } from "../score/sidecar/bearing-doubts.ts";
import {
  addSidecarOptions,
  createDescriber,
  type SidecarFlags,
  sidecarHelp,
} from "../score/sidecar/sidecar-options.ts";
import { findTableForm, listColumnNames, nameColumns } from "../score/tables/column-names.ts";
import { explainRows, renderRowExplanation } from "../score/tables/explain-rows.ts";
import { hasColours, printJson } from "../terminal/print-reply.ts";

interface ExplainFlags extends SidecarFlags {
  readonly window: string;
  readonly at?: string;
  readonly json?: boolean;
}

export function explainCommand(): Command {
  const command = new Command("explain")
    .argument("<dir>", "the bundle's folder; its digests are checked, not who signed it")
    .requiredOption(
      "--window <file>",
      "recording whose first window, or table of readings whose last row, is explained",
    )
    .option(
      "--at <moment>",
      "explain another: the window that holds this moment of the recording, or the first after it, in seconds since its first sample; or the table's last row until this time, in ISO 8601",
    );
  return addSidecarOptions(command)
    .option("--json", "print one JSON object, also of an error")
    .addHelpText(
      "after",
      `${sidecarHelp}

The bars are exact Shapley values of the bundle's feature groups: the background's mean score and
the shares sum to the window's score, which the calibrated probability p is made from. Of a
recording at 24 kHz or more the band above 5 kHz is explained, too (upperBand in JSON), and what the
gateway decides upon is stated: both together (bothBands).

Below the bars stands what the spectrum shows of each bearing fault, whatever the model made of it
(evidence in JSON): the lines that it would make, in the mean of this window and the 9 after it, how
far they stand above their neighbours and above what noise alone shows there, and what speaks
against it.

A bundle of normal behaviour takes a table of readings (.csv or .parquet) instead, without any of
the options on recordings: a column of times (time, timestamp or date) and one for each channel,
called as in the bundle or as in the data that it was made from; one row a window, in order. The
temperatures that it expects in the last complete row are explained, in the unit of the channel; the
rows before it are what averages over hours rest on.

Example:
  $ aurora explain models/bearing-vibration/1.0.0 --window a.npy --rate-hz 12000 --shaft-rpm 1797 \\
      --scale 0.000162 --channel 0 --bearing bpfo=3.5848,bpfi=5.4152,bsf=4.7135,ftf=0.39828
  $ aurora explain models/turbine-scada/1.0.0 --window ../shared/data/edp/T01_train.parquet`,
    )
    .action(async (dir: string, flags: ExplainFlags) => {
      const color = hasColours(process.stdout);
      const path = flags.window;
      const { json, text } = await withBundle(dir, async (loaded, bundle) => {
        if (readsRows(bundle)) {
          const channels = bundle.manifest.channels.map(({ name }) => name);
          const columns = await nameColumns(
            channels,
            {
              known: listColumnNames(bundle),
              channels: bundle.manifest.channels,
              form: findTableForm(bundle),
            },
            undefined,
          );
          const json = await explainRows(loaded, path, { columns, atMs: readTime(flags.at) });
          return { json, text: renderRowExplanation(printableValue(json), color) };
        }
        const describer = await createDescriber(flags);
        // What is doubtful about it may be why it fails.
        const explain = async () => {
          const { sidecar, channel } = await describer.describe(path);
          warnOf("bearing", listBearingDoubts(bundle.manifest, sidecar));
          const place = { sidecar, atMs: readOffset(flags.at) };
          return await explainFile(loaded, await openSampleFile(path, channel), place);
        };
        const json = await explain().finally(() => warnThat(describer.listWarnings()));
        return { json, text: renderExplanation(printableValue(json), color) };
      });
      // It has colours; what they were added to was cleaned.
      if (flags.json === true) printJson(json);
      else process.stdout.write(text);
    });
}
