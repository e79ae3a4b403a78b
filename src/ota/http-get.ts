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
import { AuroraError } from "../contract/aurora-error.ts";

/** Bounds on time. */
export interface TransferLimits {
  /** Longest silence: connecting, before the answer, between two pieces of it. */
  readonly stallMs: number;
  /** Longest time for the whole answer. */
  readonly deadlineMs: number;
}

/** What to ask for. */
export interface GetOptions extends TransferLimits {
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the transfer at once. */
  readonly signal?: AbortSignal;
}

/** An answer whose body has not been read yet; read it, or call {@link GetResponse.discard}. */
export interface GetResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Pieces of the body. Fails with UPDATE_SOURCE on silence, at the deadline, when cut off, when aborted. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Drops the connection. */
  discard(): void;
}

/** Sends the request and waits for the headers. @throws AuroraError UPDATE_SOURCE when there is no answer. */
export function httpGet(url: string, options: GetOptions): Promise<GetResponse> {
  const send = url.startsWith("https:") ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    let request: ClientRequest;
    try {
      request = send(url, {
        agent: false,
        timeout: options.stallMs, // as an option it counts while connecting, too
        headers: { ...options.headers, "accept-encoding": "identity", connection: "close" },
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
    } catch (cause) {
      reject(sourceError(url, (cause as Error).message, cause)); // not a URL
      return;
    }
    const end = (why: string) => (): void => {
      request.destroy(new Error(why));
    };
    request.once("timeout", end(`silent for ${options.stallMs} ms`));
    const deadline = setTimeout(end(`not finished after ${options.deadlineMs} ms`), options.deadlineMs);
    request.once("close", () => clearTimeout(deadline));
    request.once("error", (error) => reject(sourceError(url, error.message, error)));
    request.once("response", (response) => {
      request.on("error", () => undefined); // the body's reader hears of it
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: readPieces(response, url),
        discard: () => request.destroy(),
      });
    });
    request.end();
  });
}

/** Reads a body of at most `maxBytes`. @throws AuroraError UPDATE_SOURCE when it is larger or breaks off. */
export async function readBody(response: GetResponse, maxBytes: number, url: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    if (Number(response.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(url, maxBytes);
    for await (const piece of response.body) {
      length += piece.length;
      if (length > maxBytes) throw tooLarge(url, maxBytes);
      pieces.push(piece);
    }
    return Buffer.concat(pieces, length);
  } finally {
    response.discard();
  }
}

/** The error for a source that does not do what it should. */
export function sourceError(url: string, message: string, cause?: unknown): AuroraError {
  return new AuroraError("UPDATE_SOURCE", `${url}: ${message}`, {
    op: "fetch update",
    subject: url,
    hint: "It is tried again at the next look.",
    ...(cause === undefined ? {} : { cause }),
  });
}

function tooLarge(url: string, maxBytes: number): AuroraError {
  return sourceError(url, `sends more than ${maxBytes} bytes`);
}

async function* readPieces(response: IncomingMessage, url: string): AsyncGenerator<Uint8Array> {
  const encoding = response.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") throw sourceError(url, `is encoded as ${encoding}`);
  try {
    for await (const piece of response) yield piece as Uint8Array;
  } catch (cause) {
    throw sourceError(url, (cause as Error).message, cause);
  }
  // Node ends the iteration quietly when the peer closes before Content-Length bytes came.
  if (!response.complete) throw sourceError(url, "broke off");
}
