/**
 * Client ids that nobody can guess: a broker ends a connection when another one comes with its id, whatever its login, and no
 * access list of mosquitto binds ids to users. They are the same at every start, so that a session that was kept is found
 * again, and so that two copies of one gateway still meet.
 */
import { createHmac } from "node:crypto";
import { readHexKey } from "../files/read-hex-key.ts";

/** Of the code behind the name. */
const codeDigits = 16;

/**
 * The name with a code under the key that the file holds, which only this party has; without a file the name alone.
 * @throws AuroraError CONFIG_INVALID for a key file that cannot be used.
 */
export async function readClientId(name: string, keyFile: string | null): Promise<string> {
  if (keyFile === null) return name;
  const code = createHmac("sha256", await readHexKey(keyFile)).update(`aurora/client-id/1\n${name}`);
  return `${name}-${code.digest("hex").slice(0, codeDigits)}`;
}

const idSeparator = "\u0000";

/** The id that the embedded broker keeps sessions by. Neither a user's name nor an id holds NUL (section 1.5.3); guests share one name. */
export function scopeClientId(username: string | undefined, clientId: string): string {
  return `${username === undefined ? "guest" : `user ${username}`}${idSeparator}${clientId}`;
}

export function unscopeClientId(id: string): string {
  return id.slice(id.indexOf(idSeparator) + 1);
}
