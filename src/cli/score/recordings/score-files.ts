/** Scores files one after the other: rows to a table, a summary for each. What is wrong with one file is that file's. */
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import type { SiteBaseline } from "../../../core/contract/site-baseline.ts";
import { computeFaultProbability } from "../../../core/decision/calibrate.ts";
import { shareForeignModeFinder } from "../../../core/explain/foreign-modes.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import { openSampleFile } from "../../../training/dataset/samples/sample-file.ts";
import { rememberSamples, type SampleFile } from "../../../training/dataset/samples/samples.ts";
import type { FileDescription } from "../../../training/dataset/sidecar/sidecar.ts";
import { countOf } from "../../terminal/count-of.ts";
import { describeFileError } from "../files/file-report.ts";
import { type Cell, expectOtherOutput, openRowWriter } from "../files/row-writer.ts";
import type { StatedDescription, StatedSidecar } from "../sidecar/sidecar-options.ts";
import type { AnsweredWindow } from "./ask-student.ts";
import { createSummary, type FileSummary, probabilityKey } from "./file-summary.ts";
import { type OpenedRecording, openRecording } from "./open-recording.ts";
import {
  countFitting,
  countRevolutions,
  fewWindows,
  isShorter,
  withOverlappingWindows,
  withShortWindow,
} from "./other-windows.ts";
import { chooseSeverityScale, createLevelMeter, type SeverityScale } from "./recording-severity.ts";
import { scoreWindows } from "./score-windows.ts";

/** What is scored, and where the rows go. */
export interface ScoreRequest {
  readonly files: readonly string[];
  /** What is known of a file; may fail, with the file as its subject. */
  readonly describe: (file: string) => Promise<StatedDescription>;
  readonly out: string;
  /** Null: severity is against what the bundle knows. */
  readonly baseline: SiteBaseline | null;
  /** Told of each recording before it is scored. */
  readonly onOpened?: (recording: OpenedRecording) => void;
  /** Told of each file that could be opened, also of one that could not be scored, while what was read of it is remembered. */
  readonly onRead?: (file: SampleFile, description: FileDescription) => Promise<void>;
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
  const cells = placePrediction(bundle.manifest);
  const writer = await openRowWriter(out, cells.columns);
  const addRow: FileScoring["addRow"] = (place, answered) => writer.add(cells.cellsOf(place, answered));
  try {
    const summaries: FileSummary[] = [];
    for (const [index, path] of files.entries()) {
      progress(index, files.length, path);
      const tell = (windows: number): void =>
        progress(index, files.length, `${path}, ${countOf(windows, "window")}`);
      summaries.push(await scoreFile(bundle, path, { ...request, scale, addRow, tell }));
    }
    progress(files.length, files.length, "");
    if (summaries.some(({ error }) => error === undefined)) await writer.finish();
    return summaries;
  } finally {
    await writer.close();
  }
}

interface FileScoring extends Pick<ScoreRequest, "describe" | "onOpened" | "onRead"> {
  readonly scale: SeverityScale;
  readonly addRow: (place: RowPlace, answered: AnsweredWindow) => Promise<void>;
  /** Told how many windows were scored so far. */
  readonly tell: (windows: number) => void;
}

async function scoreFile(
  bundle: LoadedBundle,
  path: string,
  { describe, onOpened, onRead, scale, addRow, tell }: FileScoring,
): Promise<FileSummary> {
  let summary = createSummary(path, bundle.manifest, scale);
  const scoreAll = async (by: LoadedBundle, recording: OpenedRecording): Promise<void> => {
    summary = createSummary(path, bundle.manifest, scale);
    const onQuarantine = summary.setAside;
    // Levels of volts or mm/s are held against a baseline of the same alone.
    const isHeld = scale.reference === "baseline" || recording.fileScale.otherUnit === null;
    const meter = createLevelMeter(scale.spec.levels, recording.sidecar.bearing, summary.addLevels);
    const findForeignModes = shareForeignModeFinder(by.manifest, recording.sidecar.bearing);
    let index = 0;
    for await (const answered of scoreWindows(
      by,
      recording,
      isHeld ? { onQuarantine, meter } : { onQuarantine },
    )) {
      const isShort = by !== bundle || isShorter(answered.window, bundle.manifest.window);
      summary.update(answered, isShort, findForeignModes(answered.window));
      await addRow({ file: path, index: index++, isShort }, answered);
      tell(index);
    }
    if (summary.hasLost)
      summary.fits(countFitting(await countRevolutions(recording), bundle.manifest.window));
  };
  const scoreRead = async (file: SampleFile, sidecar: StatedSidecar): Promise<FileSummary> => {
    const recording = await openRecording(bundle, file, sidecar);
    onOpened?.(recording);
    await scoreAll(bundle, recording);
    const result = summary.summarise();
    if (result.windows >= fewWindows) return result;
    if (result.windows > 0) {
      // Rows stay those of the gateway; only what the file comes to rests on more windows.
      for await (const answered of scoreWindows(withOverlappingWindows(bundle), recording)) {
        summary.overlap(answered);
      }
      return summary.summarise();
    }
    if (result.setAside.windows > 0) return result;
    const short = withShortWindow(bundle, await countRevolutions(recording));
    if (short !== null) await scoreAll(short, recording);
    return summary.summarise();
  };
  try {
    const description = await describe(path);
    const file = rememberSamples(await openSampleFile(path, description.channel));
    // What is doubtful about it may be why it fails.
    return await scoreRead(file, description.sidecar).finally(() => onRead?.(file, description));
  } catch (error) {
    return summary.summarise(describeFileError(error));
  }
}

/** Opens recordings one after the other, to learn from them. Fails with USAGE, CONFIG_INVALID, DATA_*. */
export async function* openEachRecording(
  bundle: LoadedBundle,
  files: readonly string[],
  describe: ScoreRequest["describe"],
): AsyncGenerator<OpenedRecording> {
  for (const path of files) {
    const { sidecar, channel } = await describe(path);
    yield await openRecording(bundle, await openSampleFile(path, channel), sidecar);
  }
}

/** Where a row stands; `isShort`: its window is shorter than the bundle's. */
interface RowPlace {
  readonly file: string;
  readonly index: number;
  readonly isShort: boolean;
}

interface PredictionCells {
  readonly columns: readonly string[];
  cellsOf(place: RowPlace, answered: AnsweredWindow): Cell[];
}

function placePrediction({ outputs, calibration }: Manifest): PredictionCells {
  const keys = outputs.map(({ failureMode }) => probabilityKey(failureMode));
  return {
    columns: [
      "file",
      "window",
      "from_ms",
      "to_ms",
      "shaft_rpm",
      ...keys.map((key) => `quantised_${key}`),
      ...keys.map((key) => `probability_${key}`),
      "fault_probability",
      "short",
    ],
    cellsOf: ({ file, index, isShort }, { window, output, probabilities, faultLogits }) => [
      file,
      index,
      window.fromMs,
      window.toMs,
      window.shaftRpm,
      ...output.quantised,
      ...probabilities,
      computeFaultProbability(faultLogits, calibration),
      isShort ? 1 : 0,
    ],
  };
}
