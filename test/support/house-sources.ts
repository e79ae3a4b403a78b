/** The sources of the house, read once, for the checks of what may stand in them. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { mayImport } from "./import-table.ts";
import { readImports, stripComments } from "./read-imports.ts";

export const root: string = resolve(import.meta.dirname, "../..");

export interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly code: string;
  readonly imports: readonly string[];
}

/** All TypeScript below `folders`. */
export function readSources(folders: readonly string[]): SourceFile[] {
  const files: SourceFile[] = [];
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!entry.endsWith(".ts")) continue;
      const path = `${folder}/${entry}`;
      const text = readFileSync(join(root, path), "utf8");
      // Comments may speak of anything.
      const code = stripComments(text);
      files.push({ path, room: roomOf(path), text, code, imports: readImports(code) });
    }
  }
  return files;
}

const rooms = Object.keys(mayImport).sort((a, b) => b.length - a.length);

/** The room of a file, or the file's folder where no room covers it. */
export function roomOf(path: string): string {
  const folder = dirname(path.replace(/^src\//, ""));
  return rooms.find((room) => isWithin(folder, room)) ?? folder;
}

export function isWithin(path: string, room: string): boolean {
  return path === room || path.startsWith(`${room}/`);
}

/** Whether `room` may import `file` of the room `target` by an entry of the table. */
export function covers(entry: string, room: string, target: string, file: string): boolean {
  if (entry.endsWith(".ts")) return file === `src/${entry}`;
  return isWithin(room, entry) ? target === entry : isWithin(target, entry);
}

/** What is shipped. */
export const sources: readonly SourceFile[] = readSources(["src", "firmware-bridge"]);

/** All breaches found by `check`, as `path: what`. */
export function breaches(check: (file: SourceFile) => Iterable<string>): string[] {
  return sources.flatMap((file) => [...check(file)].map((what) => `${file.path}: ${what}`));
}

/** Packages in what `entries` import, through whatever files, by `importsOf` each; sorted. */
export function findVendors(
  entries: readonly string[],
  importsOf: (file: SourceFile) => readonly string[],
): readonly string[] {
  const files = new Map(sources.map((file) => [file.path, file]));
  const reached = new Set(entries);
  const vendors = new Set<string>();
  for (const path of reached) {
    const file = files.get(path);
    if (file === undefined) throw new Error(`no source ${path}`);
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith(".")) reached.add(relative(root, resolve(root, dirname(path), specifier)));
      else if (!specifier.startsWith("node:"))
        vendors.add(/^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
    }
  }
  return [...vendors].sort();
}
