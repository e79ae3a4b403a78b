/**
 * Fetches one tar to disk, going on where the last attempt broke off (HTTP Range). Gives it only when its length and
 * SHA-256 are those that were signed; says nothing about what is in it.
 */
import { mkdir, open, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { renameAtomic } from "../../core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { type GetResponse, httpGet, sourceError, type TransferLimits } from "./http-get.ts";
import type { OfferedTarget } from "./tuf-client.ts";

/** Where from, where to, and within which bounds. */
export interface DownloadOptions {
  /** Base URL of the targets. */
  readonly targetsUrl: string;
  /** Folder for `<sha256>.tar` and `<sha256>.part`; made if missing. */
  readonly dir: string;
  /** A larger target is refused before a byte is asked for. */
  readonly maxBytes: number;
  readonly limits: TransferLimits;
  /** Attempts in a row, each going on where the last one stopped; at least 1. */
  readonly attempts: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What came is complete and is not what was signed: a damaged or dishonest source, worth a report. */
export class WrongBytesError extends AuroraError {
  constructor(url: string) {
    super("UPDATE_SOURCE", `${url}: sends other bytes than those that were signed`, {
      op: "fetch update",
      subject: url,
      hint: "It is tried again at the next look.",
    });
  }
}

/** Path of a fetched tar. */
export function downloadPath(dir: string, target: OfferedTarget): string {
  return join(dir, `${target.sha256}.tar`);
}

/**
 * The bytes of `target`, fetched unless they are on disk already. Durable when it returns.
 * @throws AuroraError UPDATE_SOURCE when they cannot be fetched or are not the signed ones, UPDATE when there would be
 *   too many, STORE when the disk is full.
 */
export async function downloadTarget(target: OfferedTarget, options: DownloadOptions): Promise<Uint8Array> {
  if (target.sizeBytes > options.maxBytes) {
    throw new AuroraError("UPDATE", `has ${target.sizeBytes} bytes, at most ${options.maxBytes} are taken`, {
      op: "fetch update",
      subject: `${target.name}@${target.version}`,
    });
  }
  await mkdir(options.dir, { recursive: true });
  const path = downloadPath(options.dir, target);
  const present = await readGood(path, target);
  if (present !== null) return present;
  await rm(path, { force: true });
  await expectFreeSpace(options.dir, target.sizeBytes);

  const part = join(options.dir, `${target.sha256}.part`);
  const url = targetUrl(options.targetsUrl, target);
  let lastError: unknown;
  for (let attempt = 0; attempt < options.attempts && options.signal?.aborted !== true; attempt++) {
    try {
      await fetchRest(url, part, target, options);
      if ((await readGood(part, target)) === null) {
        // Bytes kept over a power cut may be torn; the next attempt begins from nothing.
        await rm(part, { force: true });
        throw new WrongBytesError(url);
      }
      await renameAtomic(part, path);
      return (await readGood(path, target)) ?? raise(sourceError(url, "was changed on disk"));
    } catch (error) {
      lastError = diskError(error, part);
      if (lastError !== error) break;
    }
  }
  throw lastError ?? sourceError(url, "was given up");
}

/** URL of a tar in a repository with consistent snapshots: the hash stands before the file name (TUF §6.2). */
function targetUrl(targetsUrl: string, target: OfferedTarget): string {
  return `${targetsUrl.replace(/\/+$/, "")}/${target.name}/${target.sha256}.${target.version}.tar`;
}

/** Appends what is missing. The URL names the content, so a part of yesterday fits today. */
async function fetchRest(
  url: string,
  part: string,
  target: OfferedTarget,
  options: DownloadOptions,
): Promise<void> {
  const have = await stat(part).then(
    (status) => status.size,
    () => 0,
  );
  if (have === target.sizeBytes) return;
  const from = have < target.sizeBytes ? have : 0;
  const response = await httpGet(url, {
    ...options.limits,
    headers: { ...options.headers, ...(from > 0 ? { range: `bytes=${from}-` } : {}) },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    const offset = answerOffset(response, from, target.sizeBytes, url);
    await append(response, part, offset, target.sizeBytes, url);
  } finally {
    response.discard();
  }
}

/** Where the answer's first byte belongs. */
function answerOffset(response: GetResponse, from: number, sizeBytes: number, url: string): number {
  if (response.status === 200) return 0; // a server without ranges starts anew
  if (response.status === 206) {
    const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers["content-range"] ?? "");
    const fits =
      range !== null && Number(range[1]) === from && (range[3] === "*" || Number(range[3]) === sizeBytes);
    if (fits) return from;
    throw sourceError(
      url,
      `answers with the range "${response.headers["content-range"]}", asked for ${from}-`,
    );
  }
  throw sourceError(url, `answers with status ${response.status}`);
}

async function append(
  response: GetResponse,
  part: string,
  offset: number,
  sizeBytes: number,
  url: string,
): Promise<void> {
  const file = await open(part, offset === 0 ? "w" : "r+");
  try {
    let position = offset;
    for await (const piece of response.body) {
      if (position + piece.length > sizeBytes) throw sourceError(url, `sends more than ${sizeBytes} bytes`);
      await file.write(piece, 0, piece.length, position);
      position += piece.length;
    }
    if (position < sizeBytes) throw sourceError(url, `sends only ${position} of ${sizeBytes} bytes`);
  } finally {
    await file.sync().catch(() => undefined);
    await file.close();
  }
}

/** The file's bytes if they are the signed ones. */
async function readGood(path: string, target: OfferedTarget): Promise<Uint8Array | null> {
  const bytes = await readFileBounded(path, target.sizeBytes).catch(() => null);
  if (bytes === null || bytes.length !== target.sizeBytes) return null;
  return sha256Hex(bytes) === target.sha256 ? bytes : null;
}

/** The tar, its unpacked copy and as much again must fit; the store needs room to go on. */
async function expectFreeSpace(dir: string, sizeBytes: number): Promise<void> {
  const status = await statfs(dir);
  const freeBytes = status.bavail * status.bsize;
  if (freeBytes >= 3 * sizeBytes) return;
  throw new AuroraError("STORE", `${freeBytes} bytes are free, ${3 * sizeBytes} are needed for the update`, {
    op: "fetch update",
    subject: dirname(dir),
    hint: "Free some space; the update is tried again at the next look.",
  });
}

function diskError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code !== "ENOSPC" && code !== "EDQUOT" && code !== "EROFS") return error;
  return new AuroraError("STORE", `cannot be written: ${(error as Error).message}`, {
    op: "fetch update",
    subject: path,
    hint: "Free some space; the update is tried again at the next look.",
    cause: error,
  });
}

function raise(error: Error): never {
  throw error;
}
