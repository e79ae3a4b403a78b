/** Scores files one after the other: rows to a table, a summary for each. */
import { resolve } from "node:path";
import { AuroraError } from "../../contract/aurora-error.ts";
import type { LoadedBundle } from "../../gateway/loaded-bundle.ts";
import { createSummary, type FileSummary } from "./file-summary.ts";
import { openPredictionTable } from "./prediction-table.ts";
import { openSampleFile } from "./sample-file.ts";
import { scoreWindows } from "./score-windows.ts";
import type { Sidecar } from "./sidecar.ts";

/** What is scored, and where the rows go. */
export interface ScoreRequest {
  readonly files: readonly string[];
  readonly channel: string | null;
  readonly sidecar: Sidecar;
  readonly out: string;
}

/** One summary a file, in order; the table appears when all files are scored. Fails with USAGE, DATA_*, STORE, INFERENCE. */
export async function scoreFiles(bundle: LoadedBundle, request: ScoreRequest): Promise<FileSummary[]> {
  const { outputs } = bundle.manifest;
  if (request.files.some((file) => resolve(file) === resolve(request.out))) {
    throw new AuroraError("USAGE", `${request.out} is an input, and --out would replace it`, {
      op: "score files",
      subject: request.out,
      hint: "give --out another name",
    });
  }
  // Every head is read first: a wrong name at the end of the list should not cost the hours before it.
  const files = [];
  for (const path of request.files) files.push(await openSampleFile(path, request.channel));
  const table = await openPredictionTable(request.out, outputs);
  try {
    const summaries: FileSummary[] = [];
    for (const file of files) {
      const summary = createSummary(file.path, outputs);
      let index = 0;
      for await (const scored of scoreWindows(bundle, file, request.sidecar, summary.setAside)) {
        summary.update(scored.probabilities);
        await table.add(file.path, index++, scored);
      }
      summaries.push(summary.summarise());
    }
    await table.finish();
    return summaries;
  } finally {
    await table.close();
  }
}
