/**
 * Who may ask this gateway to do something: whoever may read a file in its state folder, which is written anew at each
 * start with the address and a word that nobody can guess. Everybody else is refused.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { gatewayAccessFile } from "../../core/contract/device/device-capture.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";

/** The word of this run. */
export interface GatewayWord {
  readonly token: string;
  /** Does an Authorization header carry it? */
  allows(authorization: string | undefined): boolean;
}

/** Makes a new word. */
export function createGatewayWord(): GatewayWord {
  const token = randomBytes(32).toString("base64url");
  const expected = Buffer.from(`Bearer ${token}`);
  return {
    token,
    allows: (authorization) => {
      const given = Buffer.from(authorization ?? "");
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}

/** Writes the file, for its owner alone; the result removes it. Fails with STORE. */
export async function publishAccess(
  stateDir: string,
  url: string,
  token: string,
): Promise<() => Promise<void>> {
  const path = join(stateDir, gatewayAccessFile);
  await writeFileAtomic(path, `${JSON.stringify({ url, token })}\n`, { mode: 0o600 });
  return () => rm(path, { force: true });
}
