/** The names of serial ports that stay when ports are numbered anew: links that the system keeps by the device's own identity. */
import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";

const byIdFolder = "/dev/serial/by-id";

/** Port path → its stable name; empty where the system has none. */
export async function findStablePorts(): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(byIdFolder).catch((): string[] => []);
  const ports = new Map<string, string>();
  for (const entry of entries) {
    const link = join(byIdFolder, entry);
    // Unplugged meanwhile.
    const path = await realpath(link).catch(() => null);
    if (path !== null) ports.set(path, link);
  }
  return ports;
}
