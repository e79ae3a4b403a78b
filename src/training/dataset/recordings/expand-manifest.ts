/**
 * From a manifest's entries to the files that there are: a pattern becomes one entry a file, and what its `*` stood for is put
 * in where the entry says `{1}`, `{2}`, … Of two entries for one channel the first counts, unless both name the very file.
 */

import { compareTexts } from "../../../core/maths/compare-texts.ts";
import { capturePath, listFolderFiles } from "./folder-files.ts";
import { leaveOut, type ManifestEntry, type OnRefused, refuseEntry } from "./manifest-entry.ts";

/** Channels that a manifest may come to. */
const maxChannels = 200_000;
/** A bundle's manifest is one of a folder that may lie anywhere. */
const elsewhereHint =
  "give --data FOLDER, the folder of the recordings, where they do not lie in this one; else mend the entry's `file`";
const placeholder = /\{(\d{1,2})\}/g;

interface ExpandedManifest {
  readonly entries: readonly ManifestEntry[];
  /** All files below the root. */
  readonly known: ReadonlySet<string>;
}

/** Expands over the files below `root`. Fails with CONFIG_INVALID, naming the entry, and DATA_MISSING without the folder; with `onRefused` an entry fails alone. */
export async function expandManifest(
  entries: readonly ManifestEntry[],
  root: string,
  onRefused?: OnRefused,
): Promise<ExpandedManifest> {
  const files = await listFolderFiles(root);
  const known = new Set(files);
  // Names as this manifest has them: of a disk that keeps ü as two characters too.
  const byForm = new Map(files.map((file) => [file.normalize("NFC"), file]));
  const taken = new Map<string, ManifestEntry>();
  const list = (entry: ManifestEntry, file: string, captures: readonly string[]): void => {
    const own = substitute(entry, file, captures);
    const key = `${file}\n${own.part.channel ?? ""}`;
    const before = taken.get(key);
    if (before === undefined) taken.set(key, own);
    else if (!entry.file.includes("*"))
      throw refuseEntry(entry.where, `${file} is listed by ${before.where} as well`);
    if (taken.size > maxChannels)
      throw refuseEntry(entry.where, `comes to more than ${maxChannels} recordings`);
  };
  const expand = (entry: ManifestEntry): void => {
    if (!entry.file.includes("*")) {
      const file = known.has(entry.file) ? entry.file : byForm.get(entry.file);
      if (file === undefined)
        throw refuseEntry(entry.where, `there is no file ${entry.file} in ${root}`, elsewhereHint);
      list(entry, file, []);
      return;
    }
    const fitting = files.flatMap((file) => {
      const captures = capturePath(file, entry.file);
      return captures === null ? [] : [{ file, captures }];
    });
    if (fitting.length === 0)
      throw refuseEntry(entry.where, `no file in ${root} fits ${entry.file}`, elsewhereHint);
    for (const { file, captures } of fitting) list(entry, file, captures);
  };
  for (const entry of entries) {
    try {
      expand(entry);
    } catch (error) {
      leaveOut(error, onRefused, entry.where);
    }
  }
  // A stable sort: within a file the manifest's order stays.
  const sorted = [...taken.values()].sort((a, b) => compareTexts(a.file, b.file));
  return { entries: sorted, known };
}

function substitute(entry: ManifestEntry, file: string, captures: readonly string[]): ManifestEntry {
  const put = <T extends string | null>(text: T): T =>
    (text?.replaceAll(placeholder, (whole, digits: string) => {
      const found = captures[Number(digits) - 1];
      if (found !== undefined) return found;
      throw refuseEntry(entry.where, `${whole} stands for nothing: ${entry.file} has ${captures.length} *`);
    }) ?? null) as T;
  const { machine, component, shared, load, id, speed } = entry;
  return {
    ...entry,
    file,
    machine: put(machine),
    component: put(component),
    shared: put(shared),
    load: put(load),
    id: put(id),
    speed: speed === null ? null : { ...speed, file: put(speed.file) },
  };
}
