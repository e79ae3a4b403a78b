/** A disk in memory whose power can be cut, or which can fail, at any one operation. */
import { dirname, join, resolve } from "node:path";
import { AuroraError } from "../../src/core/contract/aurora-error.ts";
import { storeError } from "../../src/core/platform/files/atomic-file.ts";
import type { FileSystem } from "../../src/core/platform/files/file-system.ts";

/** The process is gone: nothing that it still does reaches the disk. */
export class PowerCut extends Error {}

/**
 * `cut`: the power goes before the operation. `torn`: it goes half-way, where a half is possible. Anything else is the
 * system's error code of an operation that fails once, half done; the process lives on.
 */
export type Fault = "cut" | "torn" | "EIO" | "EACCES" | "ENOSPC";

export interface MemoryDisk extends FileSystem {
  /** Every operation since the start, as `writeAtomic /path`. */
  readonly operations: readonly string[];
  /** Lets the operation with this index go wrong, counted from 0 in {@link operations}. */
  breakAt(index: number, fault: Fault): void;
  /** Lets every operation whose text contains `part` fail; null ends it. */
  refuse(part: string | null, code?: "EIO" | "EACCES" | "ENOSPC"): void;
  /** The same bytes with the power back. */
  copy(): MemoryDisk;
  /** The text of a file that must be there. */
  text(path: string): string;
}

type Nodes = Map<string, Uint8Array | "folder">;

export function createMemoryDisk(nodes: Nodes = new Map([["/", "folder"]])): MemoryDisk {
  const operations: string[] = [];
  const faults = new Map<number, Fault>();
  let refused: { readonly part: string; readonly code: Fault } | null = null;
  let isDead = false;

  async function run<T>(op: string, path: string, whole: () => T, half = (): void => undefined): Promise<T> {
    await Promise.resolve();
    if (isDead) throw new PowerCut("the power is off");
    const text = `${op} ${path}`;
    operations.push(text);
    const fault = faults.get(operations.length - 1);
    const code = fault ?? (refused !== null && text.includes(refused.part) ? refused.code : null);
    if (code === null) return whole();
    if (code !== "cut") half();
    if (code === "cut" || code === "torn") {
      isDead = true;
      throw new PowerCut(`the power went at ${text}`);
    }
    throw systemError(op, path, code);
  }

  const below = (folder: string): string[] =>
    [...nodes.keys()].filter((path) => path.startsWith(`${folder}/`));
  const needFolder = (path: string): void => {
    if (nodes.get(dirname(path)) !== "folder") throw systemError("write", path, "ENOENT");
  };

  return {
    operations,
    breakAt: (index, fault) => void faults.set(index, fault),
    refuse: (part, code = "EIO") => {
      refused = part === null ? null : { part, code };
    },
    copy: () =>
      createMemoryDisk(new Map([...nodes].map(([path, node]) => [path, node.slice() as typeof node]))),
    text: (path) => Buffer.from(nodes.get(resolve(path)) as Uint8Array).toString("utf8"),
    read: (path, maxBytes) =>
      run("read", path, () => {
        const node = nodes.get(resolve(path));
        if (node === undefined) return null;
        if (node === "folder") throw systemError("read", path, "EISDIR");
        if (node.length > maxBytes) throw new AuroraError("DATA_FORMAT", "too large", { op: "read" });
        return node.slice();
      }),
    list: (folder) =>
      run("list", folder, () => {
        if (nodes.get(resolve(folder)) instanceof Uint8Array) throw systemError("list", folder, "ENOTDIR");
        const names = below(resolve(folder)).map((path) => path.slice(resolve(folder).length + 1));
        return names.filter((name) => !name.includes("/")).sort();
      }),
    sizeOf: (path) =>
      run("sizeOf", path, () => {
        const node = nodes.get(resolve(path));
        return node instanceof Uint8Array ? node.length : 0;
      }),
    freeBytes: (folder) => run("freeBytes", folder, () => 1 << 30),
    makeFolder: (folder) => {
      const above: string[] = [];
      for (let path = resolve(folder); path !== "/"; path = dirname(path)) above.unshift(path);
      const make = (paths: readonly string[]): void => {
        for (const path of paths) {
          if (nodes.get(path) instanceof Uint8Array) throw systemError("make folder", folder, "ENOTDIR");
          nodes.set(path, "folder");
        }
      };
      return run(
        "makeFolder",
        folder,
        () => make(above),
        () => make(above.slice(0, -1)),
      );
    },
    writeAtomic: (path, bytes) =>
      run(
        "writeAtomic",
        path,
        () => {
          needFolder(resolve(path));
          if (nodes.get(resolve(path)) === "folder") throw systemError("write file", path, "EISDIR");
          nodes.set(resolve(path), Buffer.from(bytes));
        },
        // Renamed by nobody: the old file stays, and half of the new one beside it.
        () =>
          nodes.set(
            join(dirname(resolve(path)), ".half.tmp"),
            Buffer.from(bytes).subarray(0, bytes.length >> 1),
          ),
      ),
    rename: (from, to) =>
      run("rename", from, () => {
        const [source, target] = [resolve(from), resolve(to)];
        if (!nodes.has(source)) throw systemError("rename", from, "ENOENT");
        needFolder(target);
        for (const path of [source, ...below(source)]) {
          nodes.set(target + path.slice(source.length), nodes.get(path)!);
          nodes.delete(path);
        }
      }),
    remove: (path) => {
      const all = [resolve(path), ...below(resolve(path))];
      const drop = (paths: readonly string[]): void => {
        for (const one of paths) nodes.delete(one);
      };
      return run(
        "remove",
        path,
        () => drop(all),
        () => drop(all.slice((all.length >> 1) + 1)),
      );
    },
    async openPart(path, offset) {
      const target = resolve(path);
      await run("openPart", path, () => {
        needFolder(target);
        if (offset === 0) nodes.set(target, new Uint8Array());
        else if (!nodes.has(target)) throw systemError("write", path, "ENOENT");
      });
      let position = offset;
      const put = (bytes: Uint8Array): void => {
        const before = nodes.get(target) as Uint8Array;
        const after = new Uint8Array(Math.max(before.length, position + bytes.length));
        after.set(before);
        after.set(bytes, position);
        nodes.set(target, after);
      };
      return {
        append: (bytes) =>
          run(
            "append",
            path,
            () => {
              put(bytes);
              position += bytes.length;
            },
            // Room was made for all of it, and half of it came.
            () => put(Uint8Array.from(bytes, (byte, index) => (index < bytes.length >> 1 ? byte : 0))),
          ),
        close: () => run("close", path, () => undefined),
      };
    },
  };
}

function systemError(op: string, path: string, code: string): AuroraError {
  return storeError(op, path, Object.assign(new Error(`${code}: ${op} '${path}'`), { code }));
}
