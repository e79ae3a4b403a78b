/** The messages by which a gateway gives a microcontroller another model (`firmware-bridge/PROTOCOL.md`, section 8). */

/** Announces an image, and asks where it stands. This and the others are answered by a {@link ModelStatusMessage}. */
export interface ModelBeginMessage {
  readonly type: "model-begin";
  /** Chosen by the gateway, not 0. */
  readonly transferId: number;
  readonly name: string;
  readonly version: string;
  readonly sizeBytes: number;
  /** Of the image, 32 bytes. */
  readonly sha256: Uint8Array;
  /** A device refuses one below that of its confirmed model. */
  readonly securityCounter: number;
  /** HMAC-SHA-256 under the device's key, 32 bytes. */
  readonly mac: Uint8Array;
}

/** A piece of the image. */
export interface ModelChunkMessage {
  readonly type: "model-chunk";
  readonly transferId: number;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** The image is complete: check it and begin the trial. */
export interface ModelCommitMessage {
  readonly type: "model-commit";
  readonly transferId: number;
}

/** Gives the model on trial an input. */
export interface ModelProbeMessage {
  readonly type: "model-probe";
  readonly transferId: number;
  readonly index: number;
  /** One uint8 a feature. */
  readonly inputs: Uint8Array;
}

/** Keeps the model on trial, or sends the device back to the one before. */
export interface ModelConfirmMessage {
  readonly type: "model-confirm";
  readonly transferId: number;
  readonly outcome: "confirmed" | "reverted";
}

/** Where a transfer stands on the device. */
export type ModelState = "receiving" | "trial" | "confirmed" | "reverted" | "refused";

/** Device → gateway: where a transfer stands. */
export interface ModelStatusMessage {
  readonly type: "model-status";
  readonly transferId: number;
  readonly state: ModelState;
  /** Bytes of the image that are in the slot. */
  readonly nextOffset: number;
  /** In the answer to a probe: its index … */
  readonly probe?: number;
  /** … and what the model made of its inputs. */
  readonly outputs?: Uint8Array;
  /** Why it was refused or reverted, by the list in PROTOCOL.md; 0: nothing to say. */
  readonly reason: number;
}

/** What a gateway says about models. */
export type ModelRequestMessage =
  | ModelBeginMessage
  | ModelChunkMessage
  | ModelCommitMessage
  | ModelProbeMessage
  | ModelConfirmMessage;
