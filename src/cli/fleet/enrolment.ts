/** The list of an enrolment, `enrolled.json`, and what a broker must know of it. Holds no password and no key. */
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { type Enrolment, enrolmentSchema, maxEnrolmentBytes } from "../../core/contract/enrolment.ts";
import { replaceFile } from "../../core/platform/files/atomic-file.ts";
import { nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";
import { renderBrokerFiles } from "./broker-files.ts";

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
  const parsed = enrolmentSchema().safeParse(parseJsonBytes(bytes));
  if (parsed.success) return parsed.data;
  throw new AuroraError("CONFIG_INVALID", `${path} is not a list of enrolled gateways`, {
    op: "enrol gateway",
    subject: path,
    hint: "Restore it from a backup, or enrol into another folder.",
    cause: parsed.error,
  });
}

/** Writes the list, which is made for its owner only. */
export async function saveEnrolment(dir: string, enrolment: Enrolment): Promise<void> {
  await writeShared(enrolledFileOf(dir), `${JSON.stringify(enrolment, null, 1)}\n`);
}

/**
 * Writes what the broker must know. Whoever lets a broker or a collector read a file where it is made (chgrp, chmod) does so
 * once: one that could no longer read it refuses everybody.
 */
export async function saveBrokerFiles(brokerDir: string, enrolment: Enrolment): Promise<void> {
  for (const [name, text] of Object.entries(renderBrokerFiles(enrolment)))
    await writeShared(join(brokerDir, name), text);
}

function writeShared(path: string, text: string): Promise<void> {
  return replaceFile(path, text, { mode: 0o600 });
}
