/** Files of a bundle that was read: those that every bundle has are there. */
import type { Bundle } from "../../bundle/bundle.ts";

/** The bytes of a file that reading a bundle has made sure of. */
export function bundledFilesOf(bundle: Bundle, name: string): Uint8Array {
  const bytes = bundle.files.get(name);
  if (bytes === undefined)
    throw new Error(`${name} is not in the bundle, which was checked when it was read`);
  return bytes;
}
