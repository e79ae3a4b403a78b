/**
 * What the names of folders and files say of recordings: the label by a word in them, the machine by the folder beside it or by
 * what the files' names begin with. Reads no file; what no name says is left for its author.
 */
import type { RecordedLabel } from "../../training/dataset/recordings/recording-set.ts";
import { readLabelWord } from "./label-words.ts";

/** Files of one label and machine, as a manifest says it in one entry. */
export interface GuessedEntry {
  /** A file, or a pattern that fits these files alone. */
  readonly file: string;
  readonly files: number;
  readonly label: RecordedLabel;
  readonly machine: string;
}

export interface GuessedRecordings {
  readonly entries: readonly GuessedEntry[];
  /** Recordings whose label no name says. */
  readonly unlabelled: readonly string[];
  /** Files that are no recordings. */
  readonly others: number;
}

const recordingName = /\.(npy|csv|tsv|txt|mat|parquet|wav)$/i;
/** What `aurora data init` itself writes, and notes that people keep beside recordings. */
const noteName = /(^|\/)(readme|recordings|license|notes?|index)[^/]*$/i;

/** Guesses of `files`, paths with `/`. */
export function guessRecordings(files: readonly string[]): GuessedRecordings {
  const recordings = files.filter((file) => recordingName.test(file) && !noteName.test(file));
  const groups = new Map<
    string,
    { readonly guess: Omit<GuessedEntry, "file" | "files">; readonly files: string[] }
  >();
  const unlabelled: string[] = [];
  for (const file of recordings) {
    const guess = guessFile(file);
    if (guess === null) {
      unlabelled.push(file);
      continue;
    }
    const key = `${guess.label}\n${guess.machine}\n${folderOf(file)}\n${endingOf(file)}`;
    const group = groups.get(key) ?? { guess, files: [] };
    group.files.push(file);
    groups.set(key, group);
  }
  const entries = [...groups.values()].flatMap((group) => listGroup(group, files));
  return { entries, unlabelled, others: files.length - recordings.length };
}

function guessFile(file: string): { readonly label: RecordedLabel; readonly machine: string } | null {
  const parts = file.split("/");
  const name = parts.pop()!;
  const at = parts.findLastIndex((part) => readLabelWord(part) !== null);
  const stem = name.replace(/\.[^.]*$/, "");
  const label = at >= 0 ? readLabelWord(parts[at]!) : readLabelWord(stem);
  if (label === null) return null;
  const folders = parts.filter((_, index) => index !== at);
  return {
    label,
    machine: folders.length > 0 ? folders.join("/") : guessPrefix(stem, at >= 0 ? parts[at]! : label),
  };
}

/** The first word of a name that is no label and no counter: `t1_run03` → `t1`; the folder where there is none. */
function guessPrefix(stem: string, folder: string): string {
  const words = stem.split(/[_\-. ]+/).filter((word) => word !== "");
  const [first] = words;
  return first !== undefined && words.length > 1 && !/^\d+$/.test(first) && readLabelWord(first) === null
    ? first
    : folder;
}

/** One pattern where one says these files and no other; else every file. */
function listGroup(
  {
    guess,
    files: own,
  }: { readonly guess: Omit<GuessedEntry, "file" | "files">; readonly files: readonly string[] },
  files: readonly string[],
): GuessedEntry[] {
  const [first] = own;
  const folder = folderOf(first!);
  const beside = files.filter((file) => folderOf(file) === folder && endingOf(file) === endingOf(first!));
  for (const prefix of ["", `${guess.machine}_`, `${guess.machine}-`, guess.machine]) {
    const fitting = beside.filter((file) => file.startsWith(`${folder}${prefix}`));
    if (own.length > 1 && fitting.length === own.length && fitting.every((file) => own.includes(file))) {
      return [{ ...guess, file: `${folder}${prefix}*${endingOf(first!)}`, files: own.length }];
    }
  }
  return own.map((file) => ({ ...guess, file, files: 1 }));
}

/** With its `/`, or nothing. */
function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf("/") + 1);
}

function endingOf(file: string): string {
  return file.slice(file.lastIndexOf("."));
}
