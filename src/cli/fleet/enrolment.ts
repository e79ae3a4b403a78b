/** The file with the list of an enrolment, `enrolled.json`. Holds no password and no key; reads and writes nothing else. */
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { type Enrolment, enrolmentSchema, maxEnrolmentBytes } from "../../core/contract/enrolment.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";

const listName = "enrolled.json";

/** Path of the list in `dir`. */
export function enrolledFileOf(dir: string): string {
  return join(dir, listName);
}

/** The list in `dir`, or null where nothing was enrolled. @throws AuroraError CONFIG_INVALID for one that is damaged. */
export async function loadEnrolment(dir: string): Promise<Enrolment | null> {
  const path = enrolledFileOf(dir);
  const bytes = await nodeFileSystem.read(path, maxEnrolmentBytes);
  if (bytes === null) return null;
  const parsed = enrolmentSchema.safeParse(parseJsonBytes(bytes));
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
