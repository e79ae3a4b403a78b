/** Scores files one after the other: rows to a table, a summary for each. What is wrong with one file is that file's. */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { SiteBaseline } from "../../../core/contract/site-baseline.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import { createLevelMeter } from "../samples/level-meter.ts";
import { rememberSamples } from "../samples/remember-samples.ts";
import { openSampleFile } from "../samples/sample-file.ts";
import type { FileDescription } from "../sidecar/sidecar.ts";
import { expectOtherOutput } from "./expect-other-output.ts";
import { createSummary, describeFileError, type FileSummary } from "./file-summary.ts";
import { fewWindows, withOverlappingWindows } from "./overlapping-windows.ts";
import { openPredictionTable, type PredictionTable } from "./prediction-table.ts";
import { openSource, type SampleSource, scoreWindows } from "./score-windows.ts";
import { chooseSeverityScale, type SeverityScale } from "./severity-scale.ts";
import { countRevolutions, withShortWindow } from "./short-window.ts";

/** What is scored, and where the rows go. */
export interface ScoreRequest {
  readonly files: readonly string[];
  /** What is known of a file; may fail, with the file as its subject. */
  readonly describe: (file: string) => Promise<FileDescription>;
  readonly out: string;
  /** Null: severity is against what the bundle knows. */
  readonly baseline: SiteBaseline | null;
  /** Called before each file and after each of its windows, and at the end. */
  readonly progress: (done: number, total: number, what: string) => void;
}

/**
 * One summary a file, in order, with an `error` where the file cannot be read; the table appears when all are
 * through, unless none of them could be read. Fails with USAGE, STORE, BUNDLE_INCOMPATIBLE, INFERENCE.
 */
export async function scoreFiles(bundle: LoadedBundle, request: ScoreRequest): Promise<FileSummary[]> {
  const { files, out, progress } = request;
  expectOtherOutput(files, out);
  const scale = chooseSeverityScale(bundle.manifest, request.baseline);
  const table = await openPredictionTable(out, bundle.manifest);
  try {
    const summaries: FileSummary[] = [];
    for (const [index, path] of files.entries()) {
      progress(index, files.length, path);
      const tell = (windows: number): void => progress(index, files.length, `${path}, ${windows} windows`);
      summaries.push(await scoreFile(bundle, path, request, table, scale, tell));
    }
    progress(files.length, files.length, "");
    if (summaries.some(({ error }) => error === undefined)) await table.finish();
    return summaries;
  } finally {
    await table.close();
  }
}

async function scoreFile(
  bundle: LoadedBundle,
  path: string,
  { describe }: ScoreRequest,
  table: PredictionTable,
  scale: SeverityScale,
  tell: (windows: number) => void,
): Promise<FileSummary> {
  let summary = createSummary(path, bundle.manifest, scale);
  const scoreAll = async (by: LoadedBundle, source: SampleSource, isShort: boolean): Promise<void> => {
    summary = createSummary(path, bundle.manifest, scale);
    const meter = createLevelMeter(scale.spec.levels, source.sidecar.bearing, summary.addLevels);
    let index = 0;
    for await (const scored of scoreWindows(by, source, summary.setAside, meter)) {
      summary.update(scored, isShort);
      await table.add(path, index++, scored, isShort);
      tell(index);
    }
  };
  try {
    const { sidecar, channel } = await describe(path);
    const file = rememberSamples(await openSampleFile(path, channel));
    const source = await openSource(bundle, file, sidecar);
    await scoreAll(bundle, source, false);
    const result = summary.summarise();
    if (result.windows >= fewWindows) return result;
    if (result.windows > 0) {
      // Rows stay those of the gateway; only what the file comes to rests on more windows.
      const more = summary;
      for await (const scored of scoreWindows(withOverlappingWindows(bundle), source, () => {}, null)) {
        more.overlap(scored);
      }
      return more.summarise();
    }
    if (result.setAside.windows > 0) return result;
    const short = withShortWindow(bundle, await countRevolutions(source));
    if (short !== null) await scoreAll(short, source, true);
    return summary.summarise();
  } catch (error) {
    if (error instanceof AuroraError && failsForAll.has(error.code)) throw error;
    return summary.summarise(describeFileError(error));
  }
}

/** Opens recordings one after the other, to learn from them. Fails with USAGE, CONFIG_INVALID, DATA_*. */
export async function* openSources(
  bundle: LoadedBundle,
  files: readonly string[],
  describe: ScoreRequest["describe"],
): AsyncGenerator<SampleSource> {
  for (const path of files) {
    const { sidecar, channel } = await describe(path);
    yield await openSource(bundle, await openSampleFile(path, channel), sidecar);
  }
}

/** Errors that no other file would be spared. */
const failsForAll: ReadonlySet<string> = new Set(["STORE", "INFERENCE", "BUNDLE_INCOMPATIBLE"]);
