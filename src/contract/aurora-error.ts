/**
 * The one error class that users see, and the table of its codes. Callers ask {@link hasErrorCode}, never the
 * message's text. An AuroraError is the user's to mend (message + hint are printed); any other error is a bug.
 */

/** Every code, with what it means. The documentation is tested against this table. */
export const errorCodes = {
  BUNDLE_FORMAT: "a bundle or one of its files does not have the expected form",
  BUNDLE_DIGEST: "a file of a bundle does not have the digest that its manifest states",
  BUNDLE_SIGNATURE: "a bundle's manifest is not signed by a trusted key",
  BUNDLE_INCOMPATIBLE: "a bundle needs another runtime or features catalogue",
  CONFIG_INVALID: "a configuration file or environment variable is wrong",
  CLOCK: "the clock is not usable",
  DATA_FORMAT: "a data file does not have the expected form",
  DATA_MISSING: "a data file or folder is not there",
  DEVICE_PROTOCOL: "a device broke the protocol",
  DEVICE_UNREACHABLE: "a device cannot be reached",
  INFERENCE: "a model cannot be loaded or run",
  KEY: "a key is missing, unreadable or of the wrong kind",
  MQTT: "the MQTT broker refused or cannot be reached",
  PROCESS: "a process of this installation did not start or ended unexpectedly",
  PROOF_FAILED: "a model did not reproduce its golden vectors on this machine",
  STORE: "the durable store cannot be used",
  TRAINING: "training cannot go on",
  UPDATE: "an update was refused",
  UPDATE_SOURCE: "the update repository cannot be reached or answers wrongly",
  USAGE: "a command was called in a way it does not understand",
  WIRE_FORMAT: "a message does not have the expected form",
} as const;

/** One of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** What, where, and what to do next. */
export interface ErrorDetails {
  /** What was being done, as a short verb phrase: "verify bundle". */
  readonly op: string;
  /** What it was done to: a path, a topic, a device. */
  readonly subject?: string;
  /** What the reader can do next, one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An error that a user can act upon. */
export class AuroraError extends Error {
  readonly code: ErrorCode;
  readonly op: string;
  readonly subject: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "AuroraError";
    this.code = code;
    this.op = details.op;
    this.subject = details.subject;
    this.hint = details.hint;
  }
}

/** Is `error` an {@link AuroraError} (with `code`, if given)? */
export function hasErrorCode(error: unknown, code?: ErrorCode): error is AuroraError {
  return error instanceof AuroraError && (code === undefined || error.code === code);
}
