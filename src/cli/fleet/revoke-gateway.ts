/**
 * Strikes a gateway, or a reader, from an enrolment: from the list, from what the broker checks logins against, and from its access lists.
 * Its id is never given again, since a certificate that was issued for it still holds.
 */
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { Enrolment } from "../../core/contract/enrolment.ts";
import { nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { enrolledFileOf, loadEnrolment, saveBrokerFiles, saveEnrolment } from "./enrolment.ts";
import { holdEnrolment } from "./hold-enrolment.ts";

/** What was written anew, as paths. */
export interface RevokeResult {
  readonly id: string;
  readonly brokerDir: string;
  readonly enrolledFile: string;
}

/** @throws AuroraError USAGE for one that is not enrolled; STORE when it cannot be written */
export async function revokeGateway(dir: string, id: string): Promise<RevokeResult> {
  // Before the folder is made by whoever holds it.
  refuseUnknown(dir, id, await loadEnrolment(dir));
  return holdEnrolment(dir, async () => {
    const known = refuseUnknown(dir, id, await loadEnrolment(dir));
    const struck = known.gateways.filter((gateway) => gateway.id === id);
    const enrolment: Enrolment = {
      ...known,
      gateways: known.gateways.filter((gateway) => gateway.id !== id),
      readers: (known.readers ?? []).filter((reader) => reader.id !== id),
      users: known.users.filter(({ name }) => name !== id && !name.startsWith(`${id}/`)),
      revoked: [...(known.revoked ?? []), id],
      revokedGateways: [...(known.revokedGateways ?? []), ...struck.map(({ site }) => ({ id, site }))],
    };
    const brokerDir = join(dir, "broker");
    await saveBrokerFiles(brokerDir, enrolment);
    const kind = struck.length > 0 ? "gateways" : "readers";
    await nodeFileSystem.remove(join(dir, kind, id));
    // Last: what fails before is done again by the same command.
    await saveEnrolment(dir, enrolment);
    return { id, brokerDir, enrolledFile: enrolledFileOf(dir) };
  });
}

function refuseUnknown(dir: string, id: string, known: Enrolment | null): Enrolment {
  const all = [...(known?.gateways ?? []), ...(known?.readers ?? [])];
  if (known !== null && all.some((one) => one.id === id)) return known;
  throw new AuroraError("USAGE", `${id} is not enrolled in ${dir}`, {
    op: "revoke gateway",
    subject: dir,
    hint:
      known === null
        ? "There is no enrolment: give the folder that `aurora fleet enrol` wrote."
        : "enrolled.json there names the gateways that are.",
  });
}
