/**
 * The published bearing-wise splits of the CWRU recordings ("Towards a more realistic evaluation of machine learning
 * models for bearing fault diagnosis", arXiv:2509.22267): no physical bearing is in training and test at once.
 * Never splits by windows, loads or at random: that leaks (0.989 instead of 0.94).
 */
import { join } from "node:path";
import { z } from "zod";
import type { CwruEnd } from "../src/cli/device/cwru-recordings.ts";
import { AuroraError } from "../src/core/contract/aurora-error.ts";
import { type FaultKind, faultKinds } from "../src/core/contract/bundle/bearing-fault.ts";
import { csvColumn, parseCsv } from "../src/training/dataset/csv.ts";
import { readDataText } from "../src/training/dataset/read-data-file.ts";

/** One channel of one recording, as the splits count it. */
export interface CwruWaveform {
  /** For example `B_14_DE_DE_12_0HP`. */
  readonly id: string;
  readonly file: string;
  /** Where the accelerometer sits; the labels speak of the bearing at this end. */
  readonly signalEnd: CwruEnd;
  readonly faultEnd: CwruEnd;
  /** The physical faulty bearing, for example `DE_B_14`. */
  readonly group: string;
  /** Of the bearing at the sensor's end; null = healthy. */
  readonly failureMode: FaultKind | null;
}

/** Held-out bearings, and the side whose healthy bearing is kept for the test. */
export interface CwruSplit {
  /** For example `run-4-DE`. */
  readonly name: string;
  readonly side: CwruEnd;
  readonly testGroups: readonly string[];
}

export interface CwruPartition {
  readonly train: readonly CwruWaveform[];
  readonly test: readonly CwruWaveform[];
}

/** Reads `splits/waveforms.csv` below the CWRU folder. Fails with DATA_MISSING or DATA_FORMAT. */
export async function readCwruWaveforms(dir: string): Promise<readonly CwruWaveform[]> {
  const path = join(dir, "splits", "waveforms.csv");
  const table = parseCsv(await readDataText(path, 1 << 24), path);
  const column = (name: string): number => csvColumn(table, name, path);
  const [id, file, group] = [column("waveform_id"), column("file"), column("group")];
  const [signal, fault] = [column("signal_location"), column("fault_location")];
  const columns: Readonly<Record<FaultKind, number>> = {
    "inner-race": column("inner"),
    "outer-race": column("outer"),
    ball: column("ball"),
  };
  return table.rows.map((row) => ({
    id: row[id]!,
    file: row[file]!,
    signalEnd: parseEnd(row[signal]!, path),
    faultEnd: parseEnd(row[fault]!, path),
    group: row[group]!,
    failureMode: faultKinds.find((kind) => row[columns[kind]] === "1") ?? null,
  }));
}

/** Reads the 100 evaluation splits: for reporting, never for choosing. Fails with DATA_MISSING or DATA_FORMAT. */
export async function readCwruEvaluationSplits(dir: string): Promise<readonly CwruSplit[]> {
  const path = join(dir, "splits", "eval_splits.json");
  const schema = z.object({
    splits: z
      .array(
        z.object({
          run: z.int(),
          side: z.enum(["DE", "FE"]),
          test_groups: z.array(z.string()).min(1).max(64),
        }),
      )
      .max(1000),
  });
  const text = await readDataText(path, 1 << 24);
  try {
    return schema.parse(JSON.parse(text)).splits.map((split) => ({
      name: `run-${split.run}-${split.side}`,
      side: split.side,
      testGroups: split.test_groups,
    }));
  } catch (cause) {
    throw new AuroraError("DATA_FORMAT", `${path} is not a list of splits`, {
      op: "read splits",
      subject: path,
      hint: "the folder must be the cwru folder of the data set, unchanged",
      cause,
    });
  }
}

/** Reads the six tuning splits (folds 1 to 3, both sides), which are disjoint from the evaluation splits' runs. */
export async function readCwruTuningSplits(
  dir: string,
  waveforms: readonly CwruWaveform[],
): Promise<readonly CwruSplit[]> {
  const groups = new Map(waveforms.map((waveform) => [waveform.id, waveform.group]));
  const splits: CwruSplit[] = [];
  for (const fold of [1, 2, 3]) {
    for (const side of ["DE", "FE"] as const) {
      const path = join(dir, "splits", `fold_${fold}`, `test_${side}.csv`);
      const table = parseCsv(await readDataText(path, 1 << 24), path);
      const id = csvColumn(table, "waveform_id", path);
      const testGroups = new Set(table.rows.map((row) => groups.get(row[id]!) ?? "unknown"));
      splits.push({ name: `fold-${fold}-${side}`, side, testGroups: [...testGroups].sort() });
    }
  }
  return splits;
}

/**
 * Divides the waveforms by a split's rule: the healthy signals of the `side` bearing are kept for the test,
 * those of the other end's bearing for training, so that no healthy bearing is in both.
 */
export function divideCwruWaveforms(waveforms: readonly CwruWaveform[], split: CwruSplit): CwruPartition {
  const held = new Set(split.testGroups);
  const { side } = split;
  return {
    train: waveforms.filter(
      (wave) => !held.has(wave.group) && !(wave.signalEnd !== side && wave.faultEnd === side),
    ),
    test: waveforms.filter(
      (wave) => held.has(wave.group) && !(wave.signalEnd === side && wave.faultEnd !== side),
    ),
  };
}

function parseEnd(text: string, subject: string): CwruEnd {
  if (text === "DE" || text === "FE") return text;
  throw new AuroraError("DATA_FORMAT", `${subject}: expected DE or FE, got "${text}"`, {
    op: "read waveforms",
    subject,
    hint: "the folder must be the cwru folder of the data set, unchanged",
  });
}
