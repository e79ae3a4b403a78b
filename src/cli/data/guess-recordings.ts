/**
 * What the names of folders and files say of recordings: the label by a word in them, of folders before files, the machine by
 * the folders beside it or by a word of the files' names. Of evidence its note says what no folder does: that is sorted by
 * people, and counts first. Reads no file; what no name says for sure, or two contradict, is left for its author, as `TODO`.
 */
import type { RecordedLabel } from "../../training/dataset/recordings/recording-set.ts";
import { listSidecars } from "../../training/dataset/sidecar/sidecar.ts";
import type { EvidenceNote } from "./evidence-notes.ts";
import { joinLabels, type NamedLabel, readLabelWord } from "./label-words.ts";

/** Files of one label and machine, as a manifest says it in one entry; null: its author must say it. */
export interface GuessedEntry {
  /** A file, or a pattern that fits these files alone. */
  readonly file: string;
  readonly files: number;
  readonly label: RecordedLabel | null;
  readonly machine: string | null;
  /** Of evidence; its label is the folder's where that speaks of one. */
  readonly note?: EvidenceNote;
}

export interface GuessedRecordings {
  readonly entries: readonly GuessedEntry[];
  /** Recordings of which nothing says a label. */
  readonly unlabelled: readonly string[];
  /** Files that are neither recordings nor the NAME.json beside one or the NAME.rpm.csv beside NAME.npy. */
  readonly others: number;
}

type Guess = Pick<GuessedEntry, "label" | "machine" | "note">;

const recordingName = /\.(npy|csv|tsv|txt|mat|parquet|wav)$/i;
/** What `aurora data init` itself writes, and notes that people keep beside recordings. */
const noteName = /(^|\/)(readme[^/]*|recordings|license|notes?|index)\.[^./]*$/i;
/** How `aurora evidence get` calls the speed beside NAME.npy; without that it is a recording like others. */
const speedName = /\.rpm\.csv$/i;
/** Words that every recording may be called by; with a number or without. */
const genericWords: ReadonlySet<string> = new Set(
  `rec recs recording recordings record records run runs sample samples data dataset file files measurement measurements meas
  test tests trial take session signal signals vib vibration acc accel acceleration accelerometer ch chan channel sensor raw log
  wav csv npy mat export train training day week month date time part segment window aufnahme aufnahmen messung messungen daten
  versuch kanal tag woche monat
  january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov
  dec januar februar märz mai juni juli oktober dezember okt dez monday tuesday wednesday thursday friday saturday sunday montag
  dienstag mittwoch donnerstag freitag samstag sonntag`.split(/\s+/),
);
/** Words of machines, which a number makes a name. */
const machineWords =
  /^(turbine|machine|maschine|wea|wt|wtg|motor|pump|pumpe|gearbox|getriebe|rig|unit|anlage|bearing|lager)$/i;
/** A day, a month or a year, with whatever time of it: recordings of two days are of one machine. */
const dateName = /^(19|20)\d{2}([-_.]?\d{1,2}([-_.]?\d{1,2}([T_ -].*)?)?)?$/;

/** Guesses of `files`, paths with `/`; `notes` are those of evidence among them. */
export function guessRecordings(
  files: readonly string[],
  notes: ReadonlyMap<string, EvidenceNote> = new Map(),
): GuessedRecordings {
  const known = new Set(files);
  const speeds = new Set(
    files.filter((file) => speedName.test(file) && known.has(file.replace(speedName, ".npy"))),
  );
  const recordings = files.filter(
    (file) => recordingName.test(file) && !noteName.test(file) && !speeds.has(file),
  );
  const groups = new Map<string, { readonly guess: Guess; readonly files: string[] }>();
  const unlabelled: string[] = [];
  for (const file of recordings) {
    const note = notes.get(file);
    const guess = note === undefined ? guessFile(file) : guessEvidence(file, note);
    if (guess === null) {
      unlabelled.push(file);
      continue;
    }
    const own = note === undefined ? "" : file;
    const key = `${guess.label}\n${guess.machine}\n${folderOf(file)}\n${endingOf(file)}\n${own}`;
    const group = groups.get(key) ?? { guess, files: [] };
    group.files.push(file);
    groups.set(key, group);
  }
  const entries = [...groups.values()].flatMap((group) => listGroup(group, files));
  const used = new Set(recordings.flatMap((file) => [file, ...listSidecars(file)]));
  return {
    entries,
    unlabelled,
    others: files.filter((file) => !used.has(file) && !speeds.has(file)).length,
  };
}

/** Null: no name speaks of a label. */
function guessFile(file: string): Guess | null {
  const parts = file.normalize("NFC").split("/");
  const stem = parts.pop()!.replace(/\.[^.]*$/, "");
  const ofFolders = parts.map(readLabelWord);
  const said = ofFolders.filter((label) => label !== null);
  const own = readLabelWord(stem);
  const label = said.length > 0 ? joinFolders(said, own) : own;
  if (label === null) return null;
  const folders = parts.filter((part, index) => ofFolders[index] === null && !isGeneric(part));
  return {
    label: label === "asked" ? null : label,
    machine: folders.length > 0 ? folders.join("/") : guessMachine(stem),
  };
}

/** The words of its own name are those of its machine. Null: nobody says a label. */
function guessEvidence(file: string, note: EvidenceNote): Guess | null {
  if (note.machine === null) return null;
  const folders = file.normalize("NFC").split("/").slice(0, -1);
  const sorted = folders.map(readLabelWord).filter((label) => label !== null);
  const label = sorted.length > 0 ? joinSaid(sorted) : note.label;
  if (label === null) return null;
  const known = label === "asked" ? null : label;
  const said = sorted.length === 0 ? note : { ...note, why: "its folder says it", isVerdict: false };
  return { label: known, machine: note.machine, note: said };
}

/** What the folders say, unless the file's `own` name contradicts it: it says no more of a label than they do. */
function joinFolders(
  folders: readonly (RecordedLabel | "asked")[],
  own: NamedLabel,
): RecordedLabel | "asked" | null {
  const isContradicted = own !== null && joinSaid([...folders, own]) === "asked";
  return isContradicted ? "asked" : joinSaid(folders);
}

function joinSaid(labels: readonly (RecordedLabel | "asked")[]): RecordedLabel | "asked" | null {
  const known = labels.filter((label) => label !== "asked");
  return known.length < labels.length ? "asked" : joinLabels(known);
}

/** The first word of a file's name that may be a machine: `inner_t1_run03` → `t1`, `turbine 7 run 1` → `turbine 7`; null: none. */
function guessMachine(stem: string): string | null {
  const words = stem.split(/[_\-. ]+/).filter((word) => word !== "");
  for (const [index, word] of words.entries()) {
    const next = words[index + 1];
    if (machineWords.test(word) && next !== undefined && /^\d+$/.test(next)) return `${word} ${next}`;
    if (readLabelWord(word) !== null || isGeneric(word) || /^\d+$/.test(word)) continue;
    // The only word of a name tells recordings of one machine apart, unless it counts something.
    if (words.length > 1 || /^\p{L}{1,16}\d+$/u.test(word)) return word;
  }
  return null;
}

/** Does it consist of words that any recording may be called by, and of numbers and dates? */
function isGeneric(name: string): boolean {
  if (dateName.test(name)) return true;
  const words = name
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== "");
  return words.length > 0 && words.every((word) => genericWords.has(word));
}

/** One pattern where one says these files and no other; else every file. */
function listGroup(
  { guess, files: own }: { readonly guess: Guess; readonly files: readonly string[] },
  files: readonly string[],
): GuessedEntry[] {
  const [first] = own;
  const folder = folderOf(first!);
  const beside = files.filter((file) => folderOf(file) === folder && endingOf(file) === endingOf(first!));
  const { machine } = guess;
  const ofMachine = machine === null ? [] : [`${machine}_`, `${machine}-`, machine];
  for (const prefix of ["", ...ofMachine, commonPrefix(own).slice(folder.length)]) {
    const fitting = beside.filter((file) => file.startsWith(`${folder}${prefix}`));
    if (own.length > 1 && fitting.length === own.length && fitting.every((file) => own.includes(file))) {
      return [{ ...guess, file: `${folder}${prefix}*${endingOf(first!)}`, files: own.length }];
    }
  }
  return own.map((file) => ({ ...guess, file, files: 1 }));
}

/** What all names begin with, without the digits at its end: those count. */
function commonPrefix(names: readonly string[]): string {
  let prefix = names[0] ?? "";
  for (const name of names) while (!name.startsWith(prefix)) prefix = prefix.slice(0, -1);
  return prefix.replace(/\d+$/, "");
}

/** With its `/`, or nothing. */
function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf("/") + 1);
}

function endingOf(file: string): string {
  return file.slice(file.lastIndexOf("."));
}
