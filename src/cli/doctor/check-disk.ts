/** The disk of the state folder: is it there, may it be written and does it keep what is, has it room for what the configuration may put there, is it worn, has it damaged a store? */
import { constants } from "node:fs";
import { access, lstat, mkdtemp, readdir, readFile, rmdir, stat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { gatewayState } from "../../core/contract/config/state-names.ts";
import { checkFileSystem, isInMemory } from "./check-file-system.ts";
import { bad, type CheckResult, good, renderBytes, skipped, warning } from "./check-result.ts";
import { checkSetAside } from "./check-set-aside.ts";

const mebibyte = 1024 * 1024;
/** Of its database, an update's bundle, and evidence that waits. */
const filesWanted = 64;

export async function checkDisk({
  gateway,
  store,
  evidence,
}: Pick<GatewayConfig, "gateway" | "store" | "evidence">): Promise<readonly CheckResult[]> {
  const stateDir = resolve(gateway.stateDir);
  const folder = await findExisting(stateDir);
  const isThere = folder === stateDir;
  const results: CheckResult[] = [await checkStateFolder(stateDir, folder)];
  const { bavail, blocks, bsize, type, files, ffree } = await statfs(folder);
  const others = async () => [
    await checkWear("/sys/block"),
    ...(await checkSetAside(join(stateDir, gatewayState.record), Date.now())),
  ];
  results.push(...checkFileSystem(folder, type));
  if (blocks === 0 && !isInMemory(type))
    return [...results, skipped("disk space", `${folder} is on no disk`), ...(await others())];
  const free = bavail * bsize;
  const wanted = store.maxMebibytes * mebibyte + (evidence.allow.length > 0 ? evidence.diskBytes : 0);
  const used = isThere ? await sumFiles(stateDir) : 0;
  const still = Math.max(0, wanted - used);
  const text = `${renderBytes(free)} free, up to ${renderBytes(still)} may still be written`;
  const advice = "Free some room, or lower store.maxMebibytes and evidence.diskBytes.";
  // Some file systems have no bound of files, and say 0 of them.
  if (files > 0 && ffree < filesWanted) {
    const fewFiles = `${renderBytes(free)} free, and room for ${ffree} more files only (inodes)`;
    results.push(bad("disk space", fewFiles, `Remove files on the disk of ${folder} (df -i).`));
  } else if (free < store.reserveMebibytes * mebibyte) results.push(bad("disk space", text, advice));
  else results.push(free < still ? warning("disk space", text, advice) : good("disk space", text));
  return [...results, ...(await others())];
}

/** @param folder the state folder, or the first one above it that is there */
async function checkStateFolder(stateDir: string, folder: string): Promise<CheckResult> {
  const name = "state folder";
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (isReadOnly(error)) return bad(name, `the disk of ${folder} is read-only`, readOnlyAdvice);
    // Whatever else the reason: another's, no folder.
    const user = process.getuid?.() ?? "this user";
    const advice = `Give it to the gateway's user (chown), or name another folder under gateway.stateDir.`;
    return bad(name, `user ${user} may not write ${folder}`, advice);
  }
  if (folder === stateDir) return good(name, stateDir);
  try {
    // The rights are there, and yet /proc, and a disk whose file system is broken, take no folder.
    await rmdir(await mkdtemp(join(folder, ".aurora-doctor-")));
    return good(name, `${stateDir} will be made in ${folder}`);
  } catch (error) {
    if (isReadOnly(error)) return bad(name, `the disk of ${folder} is read-only`, readOnlyAdvice);
    const { code } = error as NodeJS.ErrnoException;
    const advice = "Name a folder on a disk under gateway.stateDir.";
    return bad(name, `${stateDir} cannot be made: ${folder} takes no folder (${code})`, advice);
  }
}

/** A kernel makes a disk so on which it finds errors. */
const readOnlyAdvice =
  "Look why (dmesg): after errors of the disk check its file system (fsck), or replace it; then mount it for writing (mount -o remount,rw). " +
  "Is it meant to be so? Then name a folder on another disk under gateway.stateDir.";

function isReadOnly(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EROFS";
}

async function findExisting(path: string): Promise<string> {
  let at = path;
  while (at !== dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found !== undefined) return at;
    at = dirname(at);
  }
  return at;
}

/** Of all files below it, as the disk counts them; what this user may not look into counts as nothing. */
async function sumFiles(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  let sum = 0;
  for (const entry of entries) {
    const path = join(folder, entry.name);
    // Links may lead anywhere, round in a circle too.
    if (entry.isDirectory()) sum += await sumFiles(path);
    else if (entry.isFile()) sum += await sizeOnDisk(path);
  }
  return sum;
}

/** Units of `st_blocks` (POSIX); 0 where a file system counts none, as on Windows. */
const blockBytes = 512;

async function sizeOnDisk(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined);
  return stats === undefined ? 0 : Math.max(stats.size, stats.blocks * blockBytes);
}

/**
 * Wear of an eMMC, which states it in tenths of its life for two kinds of memory (JEDEC 84-B51, EXT_CSD 268 and 269: 1 is up to
 * 10 %, 11 is past the end); other disks keep it to themselves, or to tools that need root.
 */
export async function checkWear(blockFolder: string): Promise<CheckResult> {
  const disks = await readdir(blockFolder).catch((): string[] => []);
  let worst = 0;
  for (const disk of disks.filter((name) => /^mmcblk\d+$/.test(name))) {
    const text = await readFile(join(blockFolder, disk, "device", "life_time"), "utf8").catch(() => "");
    for (const [tenths] of text.matchAll(/0x[0-9a-f]{1,2}/gi)) worst = Math.max(worst, Number(tenths));
  }
  if (worst === 0) return skipped("disk wear", "this machine's disks do not say how worn they are");
  const text =
    worst > 10 ? "past the end of its stated life" : `up to ${worst * 10} % of its stated life used`;
  const advice = "Replace the card or module at the next visit, and raise the intervals under uplink.";
  if (worst > 10) return bad("disk wear", text, advice);
  return worst >= 8 ? warning("disk wear", text, advice) : good("disk wear", text);
}
