/**
 * Objects of a bucket that speaks the protocol of S3: put, get, remove, each request signed (Signature Version 4), bounded
 * in time and bytes, and repeated a few times where that may help. Knows nothing of what the objects are; makes no bucket,
 * follows no redirection, and shows no key in what it throws.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { EvidenceBucketConfig } from "../../core/contract/config/kept-evidence-config.ts";
import { readAuthorities, readConfiguredText } from "../../core/platform/files/configured-text.ts";
import { readBodyBounded } from "../../core/platform/files/read-body.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { limitTime } from "../../core/platform/limit-time.ts";
import type { StoredFile } from "./evidence-store.ts";
import { createBucketError, isPassing, S3Refusal } from "./s3-refusal.ts";

/** Every method rejects with AuroraError STORE when the bucket cannot be asked, or refuses. */
interface S3Bucket {
  /** Whole or not at all; durable as far as the server keeps its word. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Null where there is no such object. */
  get(key: string): Promise<StoredFile | null>;
  /** A missing one is passed over. */
  remove(key: string): Promise<void>;
  /** Ends what is under way. */
  close(): void;
}

interface S3Request {
  readonly method: "PUT" | "GET" | "DELETE";
  readonly key: string;
  readonly body?: Uint8Array;
}

/** A request that fails for a reason that may pass is made so often. */
const attempts = 3;
const firstDelayMs = 200;
/** Of what a server says when it refuses. */
const maxRefusalBytes = 16_384;
const maxKeyFileBytes = 1_024;
/** At once; the others wait. */
const maxSockets = 8;

/**
 * Opens it, without asking the server.
 * @param maxObjectBytes a larger one is not read
 * @throws AuroraError CONFIG_INVALID for a file that cannot be read
 */
export async function openS3Bucket(config: EvidenceBucketConfig, maxObjectBytes: number): Promise<S3Bucket> {
  const { endpoint, region, caFile, timeoutSeconds } = config;
  const isTls = endpoint.startsWith("https:");
  const agent = new (isTls ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets });
  const start = isTls ? httpsRequest : httpRequest;
  const closing = new AbortController();
  /** Read at every request, since it is renewed; the agent uses no connection again that was opened with other authorities. */
  const readTrust = async (): Promise<{ readonly ca?: string }> =>
    caFile === null ? {} : { ca: await readAuthorities(caFile) };
  // Wrong at the start is told at the start; read again at every request, since keys are renewed.
  await readKey(config);
  await readTrust();

  const send = async ({ method, key, body }: S3Request): Promise<IncomingMessage> => {
    const signed = await new AwsV4Signer({
      ...(await readKey(config)),
      method,
      url: objectAddress(config, key),
      // The server holds what arrives against this digest, which is signed.
      headers: { "x-amz-content-sha256": sha256Hex(body ?? new Uint8Array()) },
      service: "s3",
      region,
    }).sign();
    const trust = await readTrust();
    const signal = limitTime(closing.signal, timeoutSeconds * 1_000);
    const headers = {
      ...Object.fromEntries(signed.headers),
      ...(body === undefined ? {} : { "content-length": String(body.length) }),
    };
    return await new Promise((resolve, reject) => {
      const request = start(signed.url, { method, headers, agent, signal, ...trust }, resolve);
      request.on("error", (error) => reject(signal.aborted ? signal.reason : error));
      request.end(body);
    });
  };

  const once = async (request: S3Request): Promise<IncomingMessage> => {
    const response = await send(request);
    const { statusCode: status = 0 } = response;
    if (status >= 200 && status < 300) return response;
    const tooLong = (): RangeError => new RangeError("a refusal without end");
    const text = await readBodyBounded(response, maxRefusalBytes, tooLong);
    throw new S3Refusal(
      status,
      /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(text.toString("utf8"))?.[1] ?? null,
    );
  };

  /** Repeated where it may help, but not beyond the time that one request may take. */
  const ask = async (request: S3Request): Promise<IncomingMessage> => {
    const endMs = performance.now() + timeoutSeconds * 1_000;
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(request);
      } catch (error) {
        const waitMs = firstDelayMs * 4 ** (attempt - 1) * (0.5 + Math.random());
        const isLast = attempt === attempts || performance.now() + waitMs >= endMs || closing.signal.aborted;
        if (isLast || !isPassing(error)) throw error;
        await delay(waitMs, undefined, { signal: closing.signal });
      }
    }
  };

  const attempt = async <T>(op: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw createBucketError(op, config, error);
    }
  };

  return {
    put: (key, bytes) =>
      attempt("put into", async () => {
        await drain(await ask({ method: "PUT", key, body: bytes }));
      }),
    get: (key) =>
      attempt("read from", async () => {
        const response = await ask({ method: "GET", key }).catch(passOver);
        if (response === null) return null;
        const sizeBytes = Number(response.headers["content-length"] ?? Number.NaN);
        if (Number.isInteger(sizeBytes) && sizeBytes <= maxObjectBytes) return { sizeBytes, body: response };
        response.destroy();
        const size = Number.isInteger(sizeBytes) ? `has ${sizeBytes} bytes` : "came without its length";
        throw new RangeError(`${key} ${size}; at most ${maxObjectBytes} bytes are read`);
      }),
    remove: (key) =>
      attempt("remove from", async () => {
        const response = await ask({ method: "DELETE", key }).catch(passOver);
        if (response !== null) await drain(response);
      }),
    close: () => {
      closing.abort(new Error("the collector ends"));
      agent.destroy();
    },
  };
}

/** Address of an object; the bucket stands in its path or before its host. */
export function objectAddress(
  { endpoint, bucket, prefix, pathStyle }: EvidenceBucketConfig,
  key: string,
): string {
  const url = new URL(endpoint);
  if (!pathStyle) url.hostname = `${bucket}.${url.hostname}`;
  url.pathname = `${pathStyle ? `/${bucket}` : ""}/${prefix}${key}`;
  return url.href;
}

/** Null for an object that is not there; a bucket that is not there remains an error. */
function passOver(error: unknown): null {
  // A server that says nothing of what is missing means the object.
  if (error instanceof S3Refusal && error.status === 404 && error.code !== "NoSuchBucket") return null;
  throw error;
}

async function drain(response: IncomingMessage): Promise<void> {
  await readBodyBounded(response, maxRefusalBytes, () => new RangeError("an answer without end"));
}

async function readKey(
  config: EvidenceBucketConfig,
): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string }> {
  const [accessKeyId, secretAccessKey] = await Promise.all([
    readSecret(config.accessKeyIdFile),
    readSecret(config.secretAccessKeyFile),
  ]);
  return { accessKeyId, secretAccessKey };
}

async function readSecret(path: string): Promise<string> {
  const text = (await readConfiguredText(path, maxKeyFileBytes)).trim();
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new AuroraError("CONFIG_INVALID", `${path} does not hold a key alone`, {
    op: "read access key",
    subject: path,
    hint: "Write the id of the key into one file and its secret into the other, each on a single line.",
  });
}
