/** Writes the command file of firmware-bridge/mcu/check and reads what comes back, in the same sequence. */
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";

/** A requantisation to try: the sum, the bits of the float32 multiplier, the zero point. */
export interface RequantiseCase {
  readonly sum: number;
  readonly multiplier: number;
  readonly zeroPoint: number;
}

/** A piece of a window at one speed. */
export interface WindowPiece {
  readonly counts: Int16Array;
  readonly shaftRpm: number;
}

/** A window as check.c takes it. */
export interface CheckWindow {
  readonly sampleRateHz: number;
  readonly bearing: BearingOrders;
  readonly scale: number;
  readonly pieces: readonly WindowPiece[];
}

/** Collects commands. */
export class CheckCommands {
  readonly #parts: Uint8Array[] = [];

  /** Opens a model file (its length is a multiple of 4). */
  model(file: Uint8Array): this {
    return this.#words(1, file.length).#bytes(file);
  }

  /** Runs quantised rows. */
  rows(rows: Uint8Array, count: number): this {
    return this.#words(2, count).#bytes(rows);
  }

  requantise(cases: readonly RequantiseCase[]): this {
    const bytes = new Uint8Array(12 * cases.length);
    const view = new DataView(bytes.buffer);
    for (const [index, one] of cases.entries()) {
      view.setInt32(12 * index, one.sum, true);
      view.setFloat32(12 * index + 4, one.multiplier, true);
      view.setInt32(12 * index + 8, one.zeroPoint, true);
    }
    return this.#words(3, cases.length).#bytes(bytes);
  }

  /** Computes the features of a window and runs the student. */
  window(window: CheckWindow): this {
    return this.#pieces(4, window);
  }

  /** Sends samples through the ring and the windows that the device cuts itself. */
  stream(samples: CheckWindow): this {
    return this.#pieces(6, samples);
  }

  #pieces(command: number, { sampleRateHz, bearing, scale, pieces }: CheckWindow): this {
    const { bpfo, bpfi, bsf, ftf } = bearing;
    this.#words(command).#bytes(
      new Uint8Array(Float32Array.of(sampleRateHz, bpfo, bpfi, bsf, ftf, scale).buffer),
    );
    for (const { counts, shaftRpm } of pieces) {
      if (counts.length === 0) continue;
      const padded = new Int16Array((counts.length + 1) & ~1);
      padded.set(counts);
      this.#words(counts.length).#bytes(new Uint8Array(Float32Array.of(shaftRpm).buffer));
      this.#bytes(new Uint8Array(padded.buffer));
    }
    return this.#words(0);
  }

  counts(): this {
    return this.#words(5);
  }

  /** The whole file. */
  finish(): Uint8Array {
    this.#words(0);
    return Buffer.concat(this.#parts);
  }

  #words(...values: number[]): this {
    return this.#bytes(new Uint8Array(Uint32Array.from(values).buffer));
  }

  #bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }
}

/** What a window gave. */
export interface WindowResult {
  readonly scored: boolean;
  readonly features: Float32Array;
  readonly quantised: Uint8Array;
  readonly logits: Uint8Array;
}

/** What a stream gave: how many scores, and the newest. */
export interface StreamResult {
  readonly scores: number;
  readonly quantised: Uint8Array;
  readonly logits: Uint8Array;
}

/** Reads results one by one. */
export class CheckResults {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  word(): number {
    return new DataView(this.#take(4).buffer).getUint32(0, true);
  }

  bytes(length: number): Uint8Array {
    return this.#take(length);
  }

  window(inputs: number, outputs: number): WindowResult {
    return {
      scored: this.word() === 1,
      features: new Float32Array(this.#take(4 * inputs).buffer),
      quantised: this.#take(inputs),
      logits: this.#take(outputs),
    };
  }

  stream(inputs: number, outputs: number): StreamResult {
    return { scores: this.word(), quantised: this.#take(inputs), logits: this.#take(outputs) };
  }

  /** How many bytes nobody has asked for. */
  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  /** A copy, so that views on it are aligned. */
  #take(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.left) throw new Error(`the check program wrote ${this.#bytes.length} bytes, too few`);
    const from = this.#offset;
    this.#offset += length;
    return Uint8Array.from(this.#bytes.subarray(from, this.#offset));
  }
}
