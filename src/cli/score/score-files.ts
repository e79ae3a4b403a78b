/** Scores files one after the other: rows to a table, a summary for each. What is wrong with one file is that file's. */
import { resolve } from "node:path";
import { AuroraError } from "../../contract/aurora-error.ts";
import type { LoadedBundle } from "../../gateway/loaded-bundle.ts";
import { createSummary, describeFileError, type FileSummary } from "./file-summary.ts";
import { openPredictionTable, type PredictionTable } from "./prediction-table.ts";
import { openSampleFile } from "./sample-file.ts";
import { openSource, type SampleSource, scoreWindows } from "./score-windows.ts";
import { withShortWindow } from "./short-window.ts";
import type { Sidecar } from "./sidecar.ts";

/** What is scored, and where the rows go. */
export interface ScoreRequest {
  readonly files: readonly string[];
  readonly channel: string | null;
  readonly sidecar: Sidecar;
  readonly out: string;
}

/**
 * One summary a file, in order, with an `error` where the file cannot be read; the table appears when all are
 * through, unless none of them could be read.
 * Fails with USAGE, STORE, BUNDLE_INCOMPATIBLE, INFERENCE.
 */
export async function scoreFiles(bundle: LoadedBundle, request: ScoreRequest): Promise<FileSummary[]> {
  if (request.files.some((file) => resolve(file) === resolve(request.out))) {
    throw new AuroraError("USAGE", `${request.out} is an input, and --out would replace it`, {
      op: "score files",
      subject: request.out,
      hint: "give --out another name",
    });
  }
  const table = await openPredictionTable(request.out, bundle.manifest);
  try {
    const summaries: FileSummary[] = [];
    for (const path of request.files) summaries.push(await scoreFile(bundle, path, request, table));
    if (summaries.some(({ error }) => error === undefined)) await table.finish();
    return summaries;
  } finally {
    await table.close();
  }
}

async function scoreFile(
  bundle: LoadedBundle,
  path: string,
  { channel, sidecar }: ScoreRequest,
  table: PredictionTable,
): Promise<FileSummary> {
  let summary = createSummary(path, bundle.manifest);
  const scoreAll = async (by: LoadedBundle, source: SampleSource, isShort: boolean): Promise<void> => {
    summary = createSummary(path, bundle.manifest);
    let index = 0;
    for await (const scored of scoreWindows(by, source, summary.setAside)) {
      summary.update(scored.output.logits, isShort);
      await table.add(path, index++, scored, isShort);
    }
  };
  try {
    const source = await openSource(bundle, await openSampleFile(path, channel), sidecar);
    await scoreAll(bundle, source, false);
    const result = summary.summarise();
    if (result.windows > 0 || result.setAside.windows > 0) return result;
    const short = withShortWindow(bundle, await countRevolutions(source));
    if (short !== null) await scoreAll(short, source, true);
    return summary.summarise();
  } catch (error) {
    if (error instanceof AuroraError && failsForAll.has(error.code)) throw error;
    return summary.summarise(describeFileError(error));
  }
}

/** Errors that no other file would be spared. */
const failsForAll: ReadonlySet<string> = new Set(["STORE", "INFERENCE", "BUNDLE_INCOMPATIBLE"]);

async function countRevolutions({ file, sidecar }: SampleSource): Promise<number> {
  let samples = 0;
  for await (const piece of file.pieces()) samples += piece.length;
  return ((samples / sidecar.rateHz) * sidecar.shaftRpm) / 60;
}
