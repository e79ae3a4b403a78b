/**
 * The list of an enrolment, `enrolled.json`: which gateways there are, of which site, and digests of what they log in with.
 * Holds no password and no key; reads and writes nothing else.
 */
import { join } from "node:path";
import { z } from "zod";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { idPattern } from "../../core/contract/topics.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { nodeFileSystem } from "../../core/platform/files/file-system.ts";

/** A gateway that was enrolled. */
export interface EnrolledEntry {
  readonly id: string;
  /** Site whose turbines it may speak of; null: of any. */
  readonly site: string | null;
  /** Ids of its devices that speak MQTT themselves. */
  readonly devices: readonly string[];
  /** Topics of an existing SCADA bridge that it may read. */
  readonly readTopics: readonly string[];
}

/** What a broker checks a password against. */
export interface UserDigest {
  readonly name: string;
  /** Field of a mosquitto password file. */
  readonly mosquitto: string;
  /** SHA-256 of salt and password, and the salt, in hexadecimal digits. */
  readonly emqx: { readonly hash: string; readonly salt: string };
}

export interface Enrolment {
  readonly version: 1;
  readonly base: string;
  /** Host of the broker whose clients have certificates; null: they have passwords. */
  readonly tlsHost: string | null;
  readonly gateways: readonly EnrolledEntry[];
  /** Of collector, gateways and devices, where they have passwords. */
  readonly users: readonly UserDigest[];
  /** Ids that were struck, which nobody may have again; absent in older lists. */
  readonly revoked?: readonly string[] | undefined;
}

const listName = "enrolled.json";
/** A hundred thousand gateways with a device each. */
const maxListBytes = 128 * 1024 * 1024;

const id = z.string().regex(idPattern);
const schema: z.ZodType<Enrolment> = z.object({
  version: z.literal(1),
  base: z.string(),
  tlsHost: z.string().nullable(),
  gateways: z.array(
    z.object({
      id,
      site: id.nullable(),
      devices: z.array(id),
      readTopics: z.array(z.string()),
    }),
  ),
  users: z.array(
    z.object({
      name: z.string(),
      mosquitto: z.string(),
      emqx: z.object({ hash: z.string(), salt: z.string() }),
    }),
  ),
  revoked: z.array(id).optional(),
});

/** Path of the list in `dir`. */
export function enrolledFileOf(dir: string): string {
  return join(dir, listName);
}

/** The list in `dir`, or null where nothing was enrolled. @throws AuroraError CONFIG_INVALID for one that is damaged. */
export async function loadEnrolment(dir: string): Promise<Enrolment | null> {
  const path = enrolledFileOf(dir);
  const bytes = await nodeFileSystem.read(path, maxListBytes);
  if (bytes === null) return null;
  const parsed = schema.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  throw new AuroraError("CONFIG_INVALID", `${path} is not a list of enrolled gateways`, {
    op: "enrol gateway",
    subject: path,
    hint: "Restore it from a backup, or enrol into another folder.",
    cause: parsed.error,
  });
}

/** Writes the list, which is read by its owner only. */
export async function saveEnrolment(dir: string, enrolment: Enrolment): Promise<void> {
  await writeFileAtomic(enrolledFileOf(dir), `${JSON.stringify(enrolment, null, 1)}\n`, { mode: 0o600 });
}

/** Undefined, which no schema takes, for what is not JSON. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
