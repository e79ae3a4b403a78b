/**
 * The one error class that users see, and the table of its codes. Callers ask {@link hasErrorCode}, never the
 * message's text. An AuroraError is the user's to mend (message + hint are printed); any other error is a bug.
 */

/** Every code: what it means, and what helps where nothing closer is known. `src/ERRORS.md` shows this table and is tested against it. */
export const errorCodes = {
  BUNDLE_FORMAT: {
    meaning: "a bundle or one of its files does not have the expected form",
    hint: "Copy or fetch the bundle again; if it stays so, it was made wrongly or by an incompatible version.",
  },
  BUNDLE_DIGEST: {
    meaning: "a file of a bundle does not have the digest that its manifest states",
    hint: "The file was changed or damaged after signing: copy or fetch the bundle again.",
  },
  BUNDLE_SIGNATURE: {
    meaning: "a bundle's manifest is not signed by a trusted key",
    hint: "Trust the signer's public key, or sign the bundle with a trusted one (`aurora bundle sign`).",
  },
  BUNDLE_INCOMPATIBLE: {
    meaning:
      "a bundle needs another runtime or features catalogue, or is of another kind than what it would replace",
    hint: "Update the runtime, or use a version of the bundle that was made for this one.",
  },
  CONFIG_INVALID: {
    meaning: "a configuration file or environment variable is wrong",
    hint: "Mend the named place; `aurora config validate FILE` checks the whole file.",
  },
  CLOCK: {
    meaning: "the clock is not usable",
    hint: "Set the machine's clock, or wait until time synchronisation has.",
  },
  COLLECTOR: {
    meaning: "a collector cannot be asked, or refused",
    hint: "Check its address and that it runs; its log says more.",
  },
  DATA_FORMAT: {
    meaning: "a data file does not have the expected form",
    hint: "Fetch the file again from its source; it may be cut off or of another data set.",
  },
  DATA_MISSING: {
    meaning: "a data file or folder is not there",
    hint: "Check the path and that this user may read it.",
  },
  DEVICE_BUSY: {
    meaning: "a device does something already that it can do but once at a time",
    hint: "Wait until that has ended, and try again.",
  },
  DEVICE_CAPTURE: {
    meaning: "the raw samples that a device was asked for did not come, or not without gaps",
    hint: "Ask for fewer seconds, use a faster line, or take what came with `--partial`.",
  },
  DEVICE_PROTOCOL: {
    meaning: "a device broke the protocol",
    hint: "Compare the device's firmware with `firmware-bridge/PROTOCOL.md`.",
  },
  DEVICE_UNREACHABLE: {
    meaning: "a device cannot be reached",
    hint: "Check cable, power and address; it is tried again by itself where it is configured.",
  },
  GATEWAY: {
    meaning: "a gateway cannot be asked, or refused",
    hint: "Check that it runs, and call the command as a user who may read its state folder.",
  },
  INFERENCE: {
    meaning: "a model cannot be loaded or run",
    hint: "Verify the bundle (`aurora bundle verify`); `bundles.engine: integer` runs it without the native library.",
  },
  KEY: {
    meaning: "a key is missing, unreadable or of the wrong kind",
    hint: "Give an ed25519 key in PEM form; `aurora keys init` makes a pair.",
  },
  MQTT: {
    meaning: "the MQTT broker refused or cannot be reached",
    hint: "Check the broker's address, its credentials and what they permit.",
  },
  PROCESS: {
    meaning: "a process of this installation did not start or ended unexpectedly",
    hint: "Its own last lines on stderr say why.",
  },
  PROOF_FAILED: {
    meaning: "a model did not reproduce its golden vectors on this machine",
    hint: "The old model serves on. Try `bundles.engine: integer`; report the machine's processor.",
  },
  PUBLISH: {
    meaning: "a collector did not take a bundle, or nobody asked the gate about it",
    hint: "Mend what it names and publish again; `src/KEYS.md` says who may publish, and with which key.",
  },
  STORE: {
    meaning: "the durable store cannot be used",
    hint: "Check the state folder: free space, its owner, and that no other process uses it.",
  },
  TRAINING: {
    meaning: "training cannot go on",
    hint: "Compare the training configuration with the data that it names.",
  },
  UPDATE: {
    meaning: "an update was refused",
    hint: "The model that serves goes on; publish a good bundle under a higher version.",
  },
  UPDATE_SOURCE: {
    meaning: "the update repository cannot be reached or answers wrongly",
    hint: "Check `updates.url` and the collector behind it; it is asked again within a minute, then less often.",
  },
  USAGE: {
    meaning: "a command was called in a way it does not understand",
    hint: "`aurora COMMAND --help` shows how it is called.",
  },
  WIRE_FORMAT: {
    meaning: "a message does not have the expected form",
    hint: "Sender and receiver may be of different versions: update the older one.",
  },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** What, where, and what to do next. */
interface ErrorDetails {
  /** What was being done, as a short verb phrase: "verify bundle". */
  readonly op: string;
  /** What it was done to: a path, a topic, a device. */
  readonly subject?: string;
  /** What the reader can do next, in a sentence or two; the code's own hint where this is left out. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An error that a user can act upon. */
export class AuroraError extends Error {
  readonly code: ErrorCode;
  readonly op: string;
  readonly subject: string | undefined;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "AuroraError";
    this.code = code;
    this.op = details.op;
    this.subject = details.subject;
    this.hint = details.hint ?? errorCodes[code].hint;
  }
}

/** Is `error` an {@link AuroraError} (with `code`, if given)? */
export function hasErrorCode(error: unknown, code?: ErrorCode): error is AuroraError {
  return error instanceof AuroraError && (code === undefined || error.code === code);
}

/** What the system calls an error: `ENOENT`; undefined: it has no name for it. */
export function systemCodeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}
