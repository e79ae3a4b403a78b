/**
 * One entry of a manifest of recordings, as it was written: which file or files, whose, with which label, and in a sidecar's
 * words what else is known of it. Refuses keys that nobody reads and labels that nobody knows; opens no file.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import { faultKinds } from "../../../core/contract/bundle/bearing-fault.ts";
import { type Fields, isAbsent } from "../../../core/contract/fields.ts";
import { plainPathInside } from "../inside-folder.ts";
import { plainKey } from "../plain-key.ts";
import { isSameBearing } from "../sidecar/bearing-words.ts";
import { parseSidecarWords, type SidecarPart } from "../sidecar/sidecar.ts";
import { findUnreadKeys, isSidecar } from "../sidecar/sidecar-keys.ts";
import { parseSpeedSource, type SpeedSource } from "../speed/speed-source.ts";
import { joinFields, splitCommonFields } from "./join-fields.ts";
import type { RecordedLabel } from "./recording-set.ts";

/** What a manifest says of one channel of a file, or of the files that a pattern fits. */
export interface ManifestEntry {
  /** Names the entry in complaints: file and line. */
  readonly where: string;
  /** Below the set's folder; may hold `*`. */
  readonly file: string;
  readonly label: RecordedLabel;
  readonly machine: string;
  /** Null: it is called as its channel is. */
  readonly component: string | null;
  readonly shared: string | null;
  readonly load: string | null;
  readonly learn: boolean;
  /** Null: file and channel. */
  readonly id: string | null;
  readonly speed: SpeedSource | null;
  /** Does it stand for all files that a pattern fits? */
  readonly isPattern: boolean;
  /** What the entry itself says of the samples. */
  readonly part: SidecarPart;
  /** What the manifest says of more than this entry: by its component's bearing, and for all. */
  readonly common: SidecarPart;
}

/** What an entry is made of. */
interface EntryWords {
  readonly own: Fields;
  /** Given once for all entries. */
  readonly common: Fields;
  readonly bearings: ReadonlyMap<string, BearingOrders>;
}

/** Labels as a manifest writes them. */
export const recordedLabels: readonly RecordedLabel[] = ["healthy", "faulty", ...faultKinds];

/** What no sidecar says. */
const ownKeys: ReadonlySet<string> = new Set(["channels"]);

/** The longest name of a machine, a component, an entry. */
const maxName = 128;
/** No name may break a line or a table of the card. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: what no name holds
const noName = /[\u0000-\u001f|`]/;

/** Reads the words of one channel; `where` names them in complaints. Fails with CONFIG_INVALID. */
export function parseManifestEntry(
  { own: said, common, bearings }: EntryWords,
  where: string,
): ManifestEntry {
  const fields = joinFields(common, said);
  const [unread] = findUnreadKeys({ ...said, ...common }, ownKeys);
  if (unread !== undefined) throw refuseEntry(where, `nobody reads the key "${unread}"`);
  const own = new Map(Object.entries(fields).map(([key, value]) => [plainKey(key), value]));
  const name = (key: string): string | null => parseName(own.get(key), key, where);
  const file = name("file");
  const machine = name("machine");
  const open = ["label", "machine"].find((key) => own.get(key) === "TODO");
  if (open !== undefined) {
    throw new AuroraError(
      "CONFIG_INVALID",
      `${where}: ${open} is still TODO: no name says it, so its author must`,
      {
        op: "read manifest of recordings",
        subject: where,
        hint:
          open === "label"
            ? `write one of ${recordedLabels.join(", ")}, or take the entry out`
            : "write the physical machine: its recordings stay on one side of a split; name files of several machines apart",
      },
    );
  }
  const label = recordedLabels.find((each) => each === own.get("label"));
  if (file === null) throw refuseEntry(where, "names no file");
  if (label === undefined) {
    const given = own.get("label");
    const said = isAbsent(given) ? "says no label" : `label is ${JSON.stringify(given)}`;
    throw refuseEntry(where, `${said}, which must be one of ${recordedLabels.join(", ")}`);
  }
  if (machine === null) {
    throw refuseEntry(
      where,
      "says no machine: the physical thing whose recordings stay on one side of a split",
    );
  }
  const { more, rest } = splitCommonFields(common, said);
  const [part, shared] = [{ ...more, ...said }, rest].map((words) =>
    nameBearing(parseSidecarWords(withoutOwn(words), where), bearings, where),
  ) as [SidecarPart, SidecarPart];
  const component = name("component");
  const channel = part.channel ?? shared.channel;
  const bearing = bearings.get(component ?? channel ?? "") ?? shared.bearing;
  const saysSpeed = Object.entries(said).some(
    ([key, value]) => plainKey(key) === "speed" && !isAbsent(value),
  );
  const speed = parseSpeedSource(own.get("speed"), (detail) => {
    throw refuseEntry(where, `speed: ${detail}`);
  });
  return {
    where,
    file: checkPath(file, where),
    isPattern: file.includes("*"),
    label,
    machine,
    component,
    shared: name("shared"),
    load: name("load"),
    id: name("id"),
    learn: parseLearn(own.get("learn"), where),
    // A speed of the entry's own counts before a channel that is named for all.
    speed: part.shaftRpm !== undefined && !saysSpeed ? null : speed,
    part: { ...part, channel },
    common: { ...shared, bearing },
  };
}

/** Puts in the bearing that is named. Fails with CONFIG_INVALID where nobody knows the name, or another is described beside it. */
export function nameBearing(
  part: SidecarPart,
  bearings: ReadonlyMap<string, BearingOrders>,
  where: string,
): SidecarPart {
  const { bearing, bearingName } = part;
  if (bearingName === undefined) return part;
  const found = bearings.get(bearingName);
  if (found === undefined) {
    const known = [...bearings.keys()].join(", ") || "none";
    throw refuseEntry(where, `there is no bearing "${bearingName}" (bearings are ${known})`);
  }
  if (bearing !== undefined && !isSameBearing(bearing, found)) {
    throw refuseEntry(
      where,
      `bearing is "${bearingName}", with bpfo ${found.bpfo}, and what stands beside it comes to ${bearing.bpfo}: which is it?`,
    );
  }
  return { ...part, bearing: found };
}

/** Told of an entry that cannot be read, which is then left out; `where` is its place in the manifest. */
export type OnRefused = (error: AuroraError, where?: string) => void;

/** Tells of an entry that failed alone. @throws `error` where nobody listens, or where it is no user's error */
export function leaveOut(error: unknown, onRefused: OnRefused | undefined, where?: string): void {
  if (onRefused === undefined || !(error instanceof AuroraError)) throw error;
  onRefused(error, where);
}

const formHint =
  "an entry is {file: turbine1/a.csv, label: inner-race, machine: turbine1, rpm: 1500, rateHz: 25600, unit: g, bearing: {balls: 9, ball_diameter: 7.94, pitch_diameter: 39.04}}; keys for all entries may stand above `recordings`";

/** A complaint about an entry; the usual hint is the form that is right. */
export function refuseEntry(where: string, detail: string, hint: string = formHint): AuroraError {
  return new AuroraError("CONFIG_INVALID", `${where}: ${detail}`, {
    op: "read manifest of recordings",
    subject: where,
    hint,
  });
}

/** Fails with CONFIG_INVALID for a path out of the folder. */
export function checkPath(file: string, where: string): string {
  const plain = plainPathInside(file);
  if (plain === null) throw refuseEntry(where, `"${file}" is not a file in the recordings' folder`);
  return plain;
}

/** The words that are a sidecar's; a replay's, `time`, `point` and `turbine`, are none here. */
function withoutOwn(fields: Fields): Record<string, unknown> {
  const isSidecars = (key: string): boolean => plainKey(key) !== "speed" && isSidecar({ [key]: 0 });
  return Object.fromEntries(Object.entries(fields).filter(([key]) => isSidecars(key)));
}

function parseName(value: unknown, key: string, where: string): string | null {
  if (isAbsent(value)) return null;
  const text =
    typeof value === "string" || typeof value === "number" ? `${value}`.trim().normalize("NFC") : "";
  const most = key === "file" ? 4096 : maxName;
  if (text === "" || text.length > most || noName.test(text)) {
    throw refuseEntry(
      where,
      `${key} is ${JSON.stringify(value)?.slice(0, 80)}, not a name of 1 to ${most} characters`,
    );
  }
  return text;
}

function parseLearn(value: unknown, where: string): boolean {
  if (isAbsent(value) || value === true || value === "true") return true;
  if (value === false || value === "false") return false;
  throw refuseEntry(where, `learn is ${JSON.stringify(value)}, not true or false`);
}
