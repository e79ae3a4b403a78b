/** Paths that people write in a file: they may lead into its folder, and nowhere else. */
import { isAbsolute, normalize } from "node:path";

/** `file` with `/` between its parts; null: it is absolute, leads out of the folder, or is a folder itself. */
export function plainPathInside(file: string): string | null {
  const plain = normalize(file.replaceAll("\\", "/")).replaceAll("\\", "/");
  const isOutside = isAbsolute(plain) || plain === "." || plain === ".." || plain.startsWith("../");
  return isOutside || plain.endsWith("/") ? null : plain;
}
