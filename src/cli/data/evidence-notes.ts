/**
 * What lies beside recordings that came as raw evidence (`aurora evidence get`, a collector's folder): the machine, the time, and
 * what was said of it. A person's word (`"label"`) counts before the model's own verdict; where neither says what a recording
 * shows, nothing is guessed. Takes no recording whose samples are not those of its description.
 */
import { join } from "node:path";
import { type EvidenceVerdict, evidenceAboutSchema } from "../../core/contract/evidence.ts";
import { fieldsOf, isAbsent } from "../../core/contract/fields.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { readDataFile, readDataText } from "../../training/dataset/read-data-file.ts";
import { recordedLabels } from "../../training/dataset/recordings/manifest-entry.ts";
import type { RecordedLabel } from "../../training/dataset/recordings/recording-set.ts";
import { joinLabels, readLabelWord } from "./label-words.ts";

/** Of one recording. */
export interface EvidenceNote {
  /** `<site>/<turbine>`; null: it cannot be read. */
  readonly machine: string | null;
  readonly component: string | null;
  /** RFC 3339, of the first sample. */
  readonly time: string | null;
  /** Null: nobody said what it shows. */
  readonly label: RecordedLabel | null;
  /** Whose word the label is, or why there is none. */
  readonly why: string;
  /** Is the label the verdict of the model, which nobody has confirmed? */
  readonly isVerdict: boolean;
}

/** A description, with what a person may have written into it. */
const maxNoteBytes = 65_536;
const maxSamplesBytes = 1_048_576;

/** Notes of those of `files`, paths below `dir`, that are evidence. A file beside a recording that is something else is passed over. */
export async function readEvidenceNotes(
  dir: string,
  files: readonly string[],
): Promise<ReadonlyMap<string, EvidenceNote>> {
  const known = new Set(files);
  const notes = new Map<string, EvidenceNote>();
  /** Recordings by their samples. */
  const first = new Map<string, string>();
  for (const file of files) {
    const beside = `${file.slice(0, -".npy".length)}.json`;
    if (!file.endsWith(".npy") || !known.has(beside)) continue;
    const fields = await readFields(join(dir, beside));
    if (isAbsent(fields.evidence)) continue;
    const read = evidenceAboutSchema().safeParse(fields);
    if (!read.success) {
      notes.set(file, unread("its description is not understood; a later version may have written it"));
      continue;
    }
    const { from, evidence } = read.data;
    const { site, turbine, component, npySha256, said, model } = evidence;
    const earlier = first.get(npySha256);
    if ((await digestOf(join(dir, file))) !== npySha256) {
      notes.set(file, unread("its samples are not those of its description"));
      continue;
    }
    const place = { machine: `${site}/${turbine}`, component, time: from };
    if (earlier !== undefined) {
      const why = `the same samples as ${earlier}`;
      notes.set(file, { ...place, label: null, why, isVerdict: false });
      continue;
    }
    first.set(npySha256, file);
    const own = fields.label;
    const word = isAbsent(own) ? readVerdict(said, `${model.name} ${model.version}`) : readOwnLabel(own);
    notes.set(file, { ...place, ...word });
  }
  return notes;
}

function unread(why: string): EvidenceNote {
  return { machine: null, component: null, time: null, label: null, why, isVerdict: false };
}

/** Empty where it is no object of JSON. */
async function readFields(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return fieldsOf(JSON.parse(await readDataText(path, maxNoteBytes)));
  } catch {
    // Something else's, or unreadable: whoever reads the recording itself says so.
    return {};
  }
}

/** Null: it cannot be read, or is larger than any evidence. */
async function digestOf(path: string): Promise<string | null> {
  try {
    return sha256Hex(await readDataFile(path, maxSamplesBytes));
  } catch {
    return null;
  }
}

type Word = Pick<EvidenceNote, "label" | "why" | "isVerdict">;

function readOwnLabel(own: unknown): Word {
  const label = recordedLabels.find((each) => each === own) ?? null;
  const why = label === null ? `its label is none of ${recordedLabels.join(", ")}` : "stands beside it";
  return { label, why, isVerdict: false };
}

function readVerdict({ verdict, failureModes }: EvidenceVerdict, model: string): Word {
  switch (verdict) {
    case "healthy":
      return { label: "healthy", why: `in operation without an alarm, said ${model}`, isVerdict: true };
    case "no-alarm":
      return { label: null, why: "no alarm stood, which does not say that it was healthy", isVerdict: false };
    case "alarm": {
      const modes = failureModes.map(readLabelWord);
      const known = modes.filter((mode) => mode !== null && mode !== "asked" && mode !== "healthy");
      const label = known.length === modes.length ? joinLabels(known) : null;
      const list = failureModes.join(", ") || "nothing";
      if (label === null || label === "asked") {
        return { label: null, why: `an alarm of ${list}, which is no one label`, isVerdict: false };
      }
      return { label, why: `an alarm of ${list}, said ${model}`, isVerdict: true };
    }
  }
}
