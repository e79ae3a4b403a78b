/**
 * One HTTP GET with bounds on everything that the other side decides: size, silence, total time. Follows no redirect
 * and takes no compressed answer: what is fetched here is verified byte for byte.
 */
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
} from "node:http";
import { request as requestHttps } from "node:https";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { readAuthorities } from "../../core/platform/files/configured-text.ts";
import { readBodyBounded } from "../../core/platform/files/read-body.ts";
import { cureCertificate } from "../../core/platform/tls-cures.ts";

export interface TransferLimits {
  /** Longest silence: connecting, before the answer, between two pieces of it. */
  readonly stallMs: number;
  /** Longest time for the whole answer. */
  readonly deadlineMs: number;
}

interface GetOptions extends TransferLimits {
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the authorities that an https server is trusted by; left out or null: the system's. Read at every request, since it is renewed. */
  readonly caFile?: string | null | undefined;
  /** Ends the transfer at once. */
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body has not been read yet; read it, or call {@link GetResponse.discard}. */
export interface GetResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Pieces of the body. Fails with UPDATE_SOURCE on silence, at the deadline, when cut off, when aborted. */
  readonly body: AsyncIterable<Uint8Array>;
  discard(): void;
}

/** Sends the request and waits for the headers. @throws AuroraError UPDATE_SOURCE when there is no answer. */
export async function httpGet(url: string, options: GetOptions): Promise<GetResponse> {
  const { caFile = null } = options;
  const ca =
    caFile === null
      ? undefined
      : await readAuthorities(caFile).catch((error: Error) => {
          throw sourceError(url, error.message, error);
        });
  const send = url.startsWith("https:") ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    let request: ClientRequest;
    try {
      request = send(url, {
        agent: false,
        timeout: options.stallMs, // as an option it counts while connecting, too
        headers: { ...options.headers, "accept-encoding": "identity", connection: "close" },
        ca,
        signal: options.signal,
      });
    } catch (cause) {
      reject(sourceError(url, (cause as Error).message, cause)); // not a URL
      return;
    }
    let why: Error | null = null; // Node says only "aborted"
    const end = (reason: string) => (): void => {
      why ??= new Error(reason);
      request.destroy(why);
    };
    const toError = (error: Error): AuroraError => {
      const cause = why ?? error;
      return sourceError(url, cause.message, cause);
    };
    const deadline = setTimeout(end(`not finished after ${options.deadlineMs} ms`), options.deadlineMs);
    request.once("timeout", end(`silent for ${options.stallMs} ms`));
    request.once("close", () => clearTimeout(deadline));
    request.on("error", (error) => reject(toError(error)));
    request.once("response", (response) => {
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: readPieces(response, toError),
        discard: () => request.destroy(),
      });
    });
    request.end();
  });
}

/** Reads a body of at most `maxBytes`. @throws AuroraError UPDATE_SOURCE when it is larger or breaks off. */
export async function readBody(response: GetResponse, maxBytes: number, url: string): Promise<Uint8Array> {
  const tooLarge = (): AuroraError => sourceError(url, `sends more than ${maxBytes} bytes`);
  try {
    if (Number(response.headers["content-length"] ?? 0) > maxBytes) throw tooLarge();
    return await readBodyBounded(response.body, maxBytes, tooLarge);
  } finally {
    response.discard();
  }
}

const places = { authorities: "updates.caFile", address: "updates.url" };

/** The error for a source that does not do what it should. */
export function sourceError(url: string, message: string, cause?: unknown): AuroraError {
  const cure = cureCertificate(cause, places);
  return new AuroraError("UPDATE_SOURCE", `${url}: ${message}${cure === undefined ? "" : `. ${cure}`}`, {
    op: "fetch update",
    subject: url,
    hint: "It is tried again at the next look.",
    cause,
  });
}

/** Pieces that may wait for the reader before the sender is asked to pause. */
const maxQueued = 16;

/**
 * The pieces of a body, each one that came even if the transfer breaks off right behind it: Node's own iteration
 * drops what is buffered when a connection breaks, and with it the progress of a download.
 */
function readPieces(
  response: IncomingMessage,
  toError: (error: Error) => AuroraError,
): AsyncIterable<Uint8Array> {
  const queue: Uint8Array[] = [];
  let problem: Error | null = null;
  let closed = false;
  let wake = (): void => undefined;
  const encoding = response.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") problem = new Error(`is encoded as ${encoding}`);
  response.on("data", (piece: Uint8Array) => {
    queue.push(piece);
    if (queue.length >= maxQueued) response.pause();
    wake();
  });
  response.on("error", (error) => {
    problem ??= error;
    wake();
  });
  response.once("close", () => {
    closed = true;
    wake();
  });
  return (async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) yield piece;
      if (problem !== null) throw toError(problem);
      if (closed && response.complete) return;
      if (closed) throw toError(new Error("broke off"));
      await new Promise<void>((resolve) => {
        wake = resolve;
        response.resume();
      });
    }
  })();
}
