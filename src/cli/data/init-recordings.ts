/** `aurora data init`: writes a manifest and a training configuration for a folder of recordings, both or none. */
import { readdir, readFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { listFolderFiles } from "../../training/dataset/recordings/folder-files.ts";
import { shippedModelsDir } from "../installation.ts";
import { type EvidenceNote, readEvidenceNotes } from "./evidence-notes.ts";
import { type GuessedRecordings, guessRecordings } from "./guess-recordings.ts";
import {
  chooseHeldOut,
  renderManifest,
  renderScratch,
  renderTuning,
  type StatedForAll,
} from "./render-manifest.ts";

interface InitOptions {
  readonly stated: StatedForAll;
  readonly force: boolean;
  /** Learn anew instead of going on from the shipped bundle. */
  readonly scratch: boolean;
}

/** What was written. */
export interface InitialisedData extends GuessedRecordings {
  readonly manifest: string;
  readonly config: string;
}

const parentName = "bearing-vibration";

/** Writes `recordings.yaml` and `train.yaml` into `dir`. Fails with USAGE, DATA_MISSING, DATA_FORMAT, STORE. */
export async function initRecordings(
  dir: string,
  { stated, force, scratch }: InitOptions,
): Promise<InitialisedData> {
  const [manifest, config] = [join(dir, "recordings.yaml"), join(dir, "train.yaml")];
  const files = await listFolderFiles(dir);
  const notes = await readEvidenceNotes(dir, files);
  const guessed = guessRecordings(files, notes);
  if (guessed.entries.length === 0) throw describeNothing(dir, guessed, notes);
  const name =
    basename(resolve(dir))
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 40) || "recordings";
  const hasRates = guessed.entries.every(
    ({ file, note }) => note !== undefined || file.toLowerCase().endsWith(".wav"),
  );
  const texts: readonly (readonly [string, string])[] = [
    [
      manifest,
      renderManifest(guessed, stated, { about: `recordings in ${basename(resolve(dir))}`, hasRates, notes }),
    ],
    [
      config,
      scratch ? renderScratch(name, chooseHeldOut(guessed.entries)) : renderTuning(await findParent(dir)),
    ],
  ];
  if (!force) for (const [path, text] of texts) await refuseOther(path, text);
  for (const [path, text] of texts) await writeFileAtomic(path, text);
  return { manifest, config, ...guessed };
}

/** What is there already must be what would be written: an earlier run that was ended between the two files. */
async function refuseOther(path: string, text: string): Promise<void> {
  const there = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) =>
    // What is there and cannot be read is another thing.
    cause.code === "ENOENT" ? null : "",
  );
  if (there === null || there === text) return;
  throw new AuroraError("USAGE", `${path} is there already`, {
    op: "write manifest of recordings",
    subject: path,
    hint: "look at it with `aurora data check`, or write over both files with --force",
  });
}

/** The newest shipped bundle, relative to `dir`. */
async function findParent(dir: string): Promise<string> {
  const models = join(shippedModelsDir(), parentName);
  const versions = (await readdir(models)).filter((entry) => /^\d+\.\d+\.\d+$/.test(entry));
  const newest = versions.sort(new Intl.Collator("en", { numeric: true }).compare).at(-1);
  return relative(resolve(dir), join(models, newest ?? "")).replaceAll("\\", "/");
}

function describeNothing(
  dir: string,
  { unlabelled, others }: GuessedRecordings,
  notes: ReadonlyMap<string, EvidenceNote>,
): AuroraError {
  const [reason] = [...notes.values()].map(({ why }) => why);
  const example = reason === undefined ? "" : `, and nothing beside them (of the first: ${reason})`;
  return new AuroraError(
    "USAGE",
    unlabelled.length === 0
      ? `${dir} holds no recordings (${others} other files)`
      : `no name of the ${unlabelled.length} recordings in ${dir} says what they show${example}`,
    {
      op: "write manifest of recordings",
      subject: dir,
      hint: "put recordings into folders named by label and machine: healthy/turbine1/a.wav, inner-race/turbine2/b.csv; endings are .npy, .csv, .tsv, .txt, .mat, .parquet, .wav. Where nobody knows of a fault nothing is learnt: a shipped bundle scores them as they are (`aurora score --help`)",
    },
  );
}
