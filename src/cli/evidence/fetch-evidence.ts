/**
 * Takes one piece of evidence from a collector into two files, as `aurora score` reads them, and a third where the shaft's speed changes;
 * what is not as its digests say is not written.
 */
import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { maxCaptureSamples } from "../../core/contract/device/device-capture.ts";
import { type EvidenceAbout, evidenceAboutSchema, maxAboutBytes } from "../../core/contract/evidence.ts";
import { writeOutputFile } from "../../core/platform/files/atomic-file.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { fetchCollectorFile } from "../ask/ask-collector.ts";
import { expectNpyName } from "../terminal/options.ts";
import { askEvidence, maxListed, sayList } from "./ask-evidence.ts";

/** What was written. */
export interface FetchedEvidence {
  readonly id: string;
  readonly out: string;
  readonly sidecar: string;
  /** How its speed goes; null: it stays, or nobody knows. */
  readonly speed: string | null;
  readonly about: EvidenceAbout;
  /** What the collector's list says otherwise than this description, which its id vouches for; null: the list could not be asked. */
  readonly listedOtherwise: readonly string[] | null;
}

const op = "get raw evidence";
/** Of the file of speeds beside a recording. */
const speedEnding = ".rpm.csv";
const hints = {
  410: "Whoever runs the collector restores both files, .npy and .json, from a backup of its folder or bucket (src/KEYS.md says where they are); without one this evidence is lost.",
};
/** Counts of two bytes, and the head of the file. */
const maxNpyBytes = 2 * maxCaptureSamples + 4_096;

/**
 * Writes `out` (default: named after the point and the id, here) and the `.json` beside it, which names the file of its speed.
 * @param id whole
 * @throws AuroraError USAGE for an id that is not there, or a name that does not end in .npy; DATA_FORMAT for what is not as
 * its digests say; COLLECTOR, also where it finds its own copy damaged or missing; STORE
 */
export async function fetchEvidence({
  collector,
  id,
  out: named,
}: {
  readonly collector: string;
  readonly id: string;
  readonly out?: string | undefined;
}): Promise<FetchedEvidence> {
  if (named !== undefined) expectNpyName(named, op);
  const read = async (ending: "json" | "npy", maxBytes: number): Promise<Uint8Array> => {
    const path = `api/v1/evidence/${id}.${ending}`;
    const bytes = await fetchCollectorFile({ collector, path, op, hints }, maxBytes);
    if (bytes !== null) return bytes;
    throw new AuroraError("USAGE", `the collector has no evidence ${id}`, {
      op,
      hint: `It may have been too old to be kept; a record that was put back from a backup does not know what was stored later (src/KEYS.md says where its files are). \`${sayList(collector)}\` shows what there is.`,
    });
  };
  const text = await read("json", maxAboutBytes);
  const about = readDescription(id, text);
  const npy = await read("npy", maxNpyBytes);
  const { turbine, component, npySha256 } = about.evidence;
  if (sha256Hex(npy) !== npySha256) throw refuse(id, "its samples are not those of their digest");
  const out = named ?? `${turbine}-${component}-${id.slice(0, 12)}.npy`;
  const sidecar = `${out.slice(0, -".npy".length)}.json`;
  const track = about.evidence.speed;
  const speed = track === undefined ? null : `${out.slice(0, -".npy".length)}${speedEnding}`;
  if (track === undefined || speed === null) {
    // The bytes as they came: their digest is the evidence's id.
    await writeOutputFile(sidecar, text);
  } else {
    const source = { file: basename(speed), rateHz: about.rateHz / track.everySamples, unit: "rpm" };
    await writeOutputFile(speed, `rpm\n${track.rpm.join("\n")}\n`);
    await writeOutputFile(sidecar, JSON.stringify({ ...parseJson(text), speed: source }));
  }
  await writeOutputFile(out, npy);
  return { id, out, sidecar, speed, about, listedOtherwise: await compareListed(collector, id, about) };
}

/** Names of what the collector lists of it otherwise; nothing of what is not among the newest of its point. Null: the list could not be asked. */
async function compareListed(
  collector: string,
  id: string,
  { alert, evidence }: EvidenceAbout,
): Promise<readonly string[] | null> {
  const { site, turbine, component, kind, samples, model, said, request } = evidence;
  const list = await askEvidence({ collector, site, turbine, component }, maxListed).catch(
    (error: unknown) => {
      // It only advises: what was got is as its digests say.
      if (error instanceof AuroraError) return null;
      throw error;
    },
  );
  if (list === null) return null;
  const listed = list.items.find((item) => item.id === id);
  if (listed === undefined) return [];
  const described = { kind, samples, model, said, alert: alert ?? null, request: request ?? null };
  return Object.entries(described)
    .filter(([name, value]) => !isDeepStrictEqual(listed[name as keyof typeof described], value))
    .map(([name]) => name);
}

function parseJson(text: Uint8Array): object {
  return JSON.parse(new TextDecoder().decode(text)) as object;
}

function readDescription(id: string, text: Uint8Array): EvidenceAbout {
  if (sha256Hex(text) !== id) throw refuse(id, "its description is not that of its id");
  try {
    return evidenceAboutSchema().parse(parseJson(text));
  } catch (cause) {
    // The digest is right: a later version wrote it.
    throw refuse(id, "its description is not understood", cause);
  }
}

function refuse(id: string, what: string, cause?: unknown): AuroraError {
  return new AuroraError("DATA_FORMAT", `evidence ${id.slice(0, 12)}: ${what}`, {
    op,
    subject: id.slice(0, 12),
    hint: "Get it again; if it stays so, the collector's copy was damaged, or this command is of an older version.",
    cause,
  });
}
