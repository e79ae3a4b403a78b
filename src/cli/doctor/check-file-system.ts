/** The file system of the state folder, as statfs(2) names it: does it keep what was written? Of one that it does not know it says nothing. */
import { type CheckResult, warning } from "./check-result.ts";

/** tmpfs and ramfs. */
const inMemory: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);
const withoutJournal: ReadonlyMap<number, string> = new Map([
  [0x4d44, "FAT"],
  [0x2011bab0, "exFAT"],
]);
const overNetwork: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "SMB"],
  [0xfe534d42, "SMB"],
  [0x517b, "SMB"],
  [0x01021997, "9p"],
]);

export function isInMemory(type: number): boolean {
  return inMemory.has(type);
}

/** Of one that is good for a store, nothing. */
export function checkFileSystem(folder: string, type: number): readonly CheckResult[] {
  const name = "state folder";
  const advice = "Name a folder on a disk under gateway.stateDir.";
  if (isInMemory(type))
    return [warning(name, `${folder} is in memory: what is in it goes with the power`, advice)];
  const plain = withoutJournal.get(type);
  if (plain !== undefined) {
    const text = `${folder} is on ${plain}, which keeps no journal and no owner: a power cut may take whole files, and whom the mount lets in (umask=, uid=) reads what is secret`;
    return [
      warning(
        name,
        text,
        "Name a folder on ext4, or another file system with a journal, under gateway.stateDir.",
      ),
    ];
  }
  const remote = overNetwork.get(type);
  if (remote === undefined) return [];
  // Of WSL it is the same machine's other system.
  const where = remote === "9p" ? "shared by another system" : "on another machine";
  const text = `${folder} is ${where} (${remote}): while that is away nothing is kept, and its locks and caches are not made for a database`;
  return [warning(name, text, "Name a folder on a disk of this machine under gateway.stateDir.")];
}
