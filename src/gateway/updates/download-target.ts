/**
 * Fetches one tar to disk, going on where the last attempt broke off (HTTP Range). Gives it only when its length and
 * SHA-256 are those that were signed; says nothing about what is in it.
 */
import { dirname, join } from "node:path";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import type { FileSystem } from "../../core/platform/files/file-system.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { type GetResponse, httpGet, sourceError, type TransferLimits } from "./http-get.ts";
import type { OfferedTarget } from "./tuf-client.ts";

/** Where from, where to, and within which bounds. */
interface DownloadOptions {
  /** Base URL of the targets. */
  readonly targetsUrl: string;
  /** Folder for `<sha256>.tar` and `<sha256>.part`; made if missing. */
  readonly dir: string;
  readonly files: FileSystem;
  readonly logger: Logger;
  /** A larger target is refused before a byte is asked for. */
  readonly maxBytes: number;
  readonly limits: TransferLimits;
  /** Attempts in a row, each going on where the last one stopped; at least 1. */
  readonly attempts: number;
  readonly caFile?: string | null | undefined;
  readonly signal?: AbortSignal | undefined;
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
  const { dir, files } = options;
  await files.makeFolder(dir);
  const path = join(dir, `${target.sha256}.tar`);
  const present = await readGood(files, path, target);
  if (present !== null) return present;
  await files.remove(path);
  await expectFreeSpace(options, target.sizeBytes);

  const part = join(dir, `${target.sha256}.part`);
  const url = targetUrl(options.targetsUrl, target);
  let lastError: unknown;
  for (let attempt = 0; attempt < options.attempts && options.signal?.aborted !== true; attempt++) {
    try {
      await fetchRest(url, part, { ...options, sizeBytes: target.sizeBytes });
      const bytes = await readGood(files, part, target);
      if (bytes === null) {
        // Bytes kept over a power cut may be torn; the next attempt begins from nothing.
        await files.remove(part);
        throw new WrongBytesError(url);
      }
      await files.rename(part, path);
      return bytes;
    } catch (error) {
      if (!hasErrorCode(error, "UPDATE_SOURCE")) throw error;
      lastError = error;
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
  options: DownloadOptions & { readonly sizeBytes: number },
): Promise<void> {
  const { files, sizeBytes } = options;
  const have = await files.sizeOf(part);
  if (have === sizeBytes) return;
  const from = have < sizeBytes ? have : 0;
  const response = await httpGet(url, {
    ...options.limits,
    caFile: options.caFile,
    headers: from > 0 ? { range: `bytes=${from}-` } : {},
    signal: options.signal,
  });
  try {
    let position = answerOffset(response, from, { url, sizeBytes });
    const file = await files.openPart(part, position);
    try {
      for await (const piece of response.body) {
        position += piece.length;
        if (position > sizeBytes) throw sourceError(url, `sends more than ${sizeBytes} bytes`);
        await file.append(piece);
      }
    } finally {
      await file.close();
    }
    if (position < sizeBytes) throw sourceError(url, `sends only ${position} of ${sizeBytes} bytes`);
  } finally {
    response.discard();
  }
}

/** Where the answer's first byte belongs. */
function answerOffset(
  response: GetResponse,
  from: number,
  { url, sizeBytes }: { readonly url: string; readonly sizeBytes: number },
): number {
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

/** The file's bytes if they are the signed ones; a file that cannot be read is fetched again like a damaged one. */
async function readGood(files: FileSystem, path: string, target: OfferedTarget): Promise<Uint8Array | null> {
  const bytes = await files.read(path, target.sizeBytes).catch((error: unknown) => {
    if (hasErrorCode(error)) return null;
    throw error;
  });
  if (bytes === null || bytes.length !== target.sizeBytes) return null;
  return sha256Hex(bytes) === target.sha256 ? bytes : null;
}

/** The tar, its unpacked copy and as much again must fit; the store needs room to go on. */
async function expectFreeSpace({ dir, files, logger }: DownloadOptions, sizeBytes: number): Promise<void> {
  const neededBytes = 3 * sizeBytes;
  const freeBytes = await files.freeBytes(dir);
  if (freeBytes >= neededBytes) return;
  // What is free now is another number at each look, and the same refusal is told once.
  logger.warn("too little room for an update", { dir: dirname(dir), freeBytes, neededBytes });
  throw new AuroraError("STORE", `too little room: ${neededBytes} bytes are needed (free some space)`, {
    op: "fetch update",
    subject: dirname(dir),
    hint: "The update is tried again at the next look.",
  });
}
