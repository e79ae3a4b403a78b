/** What a bucket refuses and why, in words for whoever runs the collector. Repeats no text of the server but its code. */
import { AuroraError, hasErrorCode, systemCodeOf } from "../../core/contract/aurora-error.ts";
import type { EvidenceBucketConfig } from "../../core/contract/config/kept-evidence-config.ts";
import { cureCertificate } from "../../core/platform/tls-cures.ts";

/** The server answered, and not with what was asked for. */
export class S3Refusal extends Error {
  readonly status: number;
  /** Of its error, as `AccessDenied`; null where it named none. */
  readonly code: string | null;

  constructor(status: number, code: string | null) {
    super(code === null ? `status ${status}` : `status ${status}, ${code}`);
    this.status = status;
    this.code = code;
  }
}

/** May the same request succeed a moment later? */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof S3Refusal)) return true;
  const { status } = error;
  return status >= 500 || status === 429 || status === 408;
}

const places = { authorities: "evidence.s3.caFile", address: "evidence.s3.endpoint" };
const wrongKey = "Compare evidence.s3.accessKeyIdFile and secretAccessKeyFile with the key of the bucket.";
const expired =
  "The key is a temporary one that has ended, or one that wants a session token, which is not sent: put a lasting key into evidence.s3.accessKeyIdFile and secretAccessKeyFile.";
const wrongPlace = "Compare evidence.s3.endpoint and region with where the bucket is.";
const hints: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: wrongKey,
  SignatureDoesNotMatch: wrongKey,
  ExpiredToken: expired,
  InvalidToken: expired,
  QuotaExceeded:
    "Make room in the bucket, or raise its quota; what gateways have waits with them. See evidence.maxBytes, too.",
  AccessDenied: "Give the key the rights to put, get and delete objects below evidence.s3.prefix.",
  NoSuchBucket: "Make the bucket, or name another one in evidence.s3.bucket.",
  RequestTimeTooSkewed: "Set this machine's clock: signatures hold for a few minutes.",
  PermanentRedirect: wrongPlace,
  TemporaryRedirect: wrongPlace,
  AuthorizationHeaderMalformed: wrongPlace,
};

/** The error `STORE` for what went wrong with a bucket. */
export function createBucketError(op: string, config: EvidenceBucketConfig, cause: unknown): AuroraError {
  const { endpoint, bucket, timeoutSeconds } = config;
  const code = cause instanceof S3Refusal ? cause.code : null;
  const closer = hasErrorCode(cause) ? cause.hint : (hints[code ?? ""] ?? cureCertificate(cause, places));
  const isLate = cause instanceof Error && cause.name === "TimeoutError";
  const why = isLate ? `no answer within ${timeoutSeconds} s` : describe(cause);
  return new AuroraError("STORE", `cannot ${op} the bucket ${bucket} at ${endpoint}: ${why}`, {
    op: `${op} bucket`,
    subject: `${endpoint}/${bucket}`,
    hint: closer ?? "Check evidence.s3.endpoint and the way to it; it is tried again by itself.",
    cause,
  });
}

/** The system's errors may have no words but a code. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === "" ? (systemCodeOf(error) ?? "") : error.message;
}
