/**
 * The files below a folder, and those that a pattern means. `*` stands for any run of characters within one part of a path,
 * and what it stood for is remembered. A link to a folder is followed once, however many lead there; refuses a folder of more files than
 * anybody lists.
 */
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { compareTexts } from "../../../core/maths/compare-texts.ts";
import { captureStars } from "../match-pattern.ts";

/** Files and folders below one folder. */
const maxNames = 200_000;
const maxDepth = 12;

/**
 * Paths of all files below `root`, relative to it, with `/`, sorted by their characters' codes; hidden ones are passed
 * over, and so is a link to a folder whose files are listed already. Fails with DATA_MISSING without the folder, DATA_FORMAT where there
 * are more than 200,000 names or 12 levels.
 */
export async function listFolderFiles(root: string): Promise<readonly string[]> {
  const files: string[] = [];
  const links: string[] = [];
  /** Where links have led, and the root: what lies below is listed. */
  const listed: string[] = [];
  let names = 0;
  const walk = async (folder: string, depth: number): Promise<void> => {
    const path = join(root, folder);
    const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
      throw describeUnreadable(path, cause);
    });
    names += entries.length;
    if (names > maxNames || depth > maxDepth) {
      throw new AuroraError(
        "DATA_FORMAT",
        `below ${root} are more than ${maxNames} files or ${maxDepth} levels of folders`,
        { op: "list recordings", subject: root, hint: "name a folder that holds recordings alone" },
      );
    }
    for (const entry of entries) {
      if (entry.name.startsWith(".")) continue;
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) await walk(name, depth + 1);
      else if (entry.isSymbolicLink() && (await isFolder(join(root, name)))) links.push(name);
      else files.push(name);
    }
  };
  await walk("", 0);
  listed.push(await realpath(root));
  // The shortest first, so that it does not depend on the disk's order which of several that lead to one folder is followed.
  for (let next = takeFirst(links); next !== undefined; next = takeFirst(links)) {
    const target = await realpath(join(root, next));
    if (listed.some((folder) => isWithin(target, folder))) continue;
    const inner = listed.find((folder) => isWithin(folder, target));
    if (inner !== undefined) throw describeTwice(join(root, next), inner);
    await walk(next, next.split("/").length);
    listed.push(target);
  }
  return files.sort();
}

/** Takes out the shortest, of equally long ones the first by its characters. */
function takeFirst(names: string[]): string | undefined {
  names.sort((a, b) => a.length - b.length || compareTexts(a, b));
  return names.shift();
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Where a link leads; one that leads nowhere is a file that cannot be read. */
async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function describeUnreadable(path: string, cause: unknown): AuroraError {
  return new AuroraError("DATA_MISSING", `cannot read the folder ${path}`, {
    op: "list recordings",
    subject: path,
    hint: "check the path and that this user may read it; beside a manifest that lies elsewhere, --data DIR names the folder",
    cause,
  });
}

function describeTwice(link: string, inner: string): AuroraError {
  return new AuroraError(
    "DATA_FORMAT",
    `the link ${link} leads to a folder that holds ${inner}, whose recordings are listed already`,
    { op: "list recordings", subject: link, hint: "let it lead to a folder beside it, or take it away" },
  );
}

/**
 * What each `*` of `pattern` stands for in `path`, as little as possible each; null where it does not fit. An ü is one letter,
 * in whichever of its two forms a disk keeps it.
 */
export function capturePath(path: string, pattern: string): readonly string[] | null {
  const [parts, patterns] = [path, pattern].map((text) => text.normalize("NFC").split("/")) as [
    string[],
    string[],
  ];
  if (parts.length !== patterns.length) return null;
  const captures: string[] = [];
  for (const [index, part] of parts.entries()) {
    const own = captureStars(part, patterns[index]!);
    if (own === null) return null;
    captures.push(...own);
  }
  return captures;
}
