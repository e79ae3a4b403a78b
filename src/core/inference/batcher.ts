/**
 * Runs the windows of many points as one batch a tick, or as soon as enough wait: answers come in the order of submission, and
 * none is lost. It serves one engine from first to last, and knows no features, bundles or decisions.
 */
import { AuroraError } from "../contract/aurora-error.ts";
import type { StudentEngine } from "./student-engine.ts";

interface Batcher {
  /**
   * Takes one standardised row, copied at once, and resolves to its quantised logits, which are the caller's own. Rejects with
   * INFERENCE when the row does not fit the model, holds a NaN, too many rows wait or the batcher is closed; with the engine's
   * error when the run fails.
   */
  submit(row: Float32Array): Promise<Uint8Array>;
  /** Takes no more rows, answers those that wait or run, and then closes the engine. */
  close(): Promise<void>;
}

interface WaitingRow {
  readonly resolve: (quantised: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** Rows of one run at most. */
const maxRunRows = 2_048;
/** Rows that may wait or run at once. */
const maxWaitingRows = 8_192;
/**
 * Rows with which a run begins at once. One turn of the event loop may read more than a thousand windows: all that each of them
 * holds would outlive the young generation, and be marked and swept with the old one.
 */
const promptRows = 64;
/**
 * Rows of a turn that run on the spot, by engine: integers take no longer one by one, and these windows wait for none of what other
 * devices bring in the turn. Where it brings more, they are gathered: what decides them is in the processor's caches then, which is a
 * twentieth of a gateway at full speed.
 */
const aloneRows: Readonly<Record<StudentEngine["kind"], number>> = { onnx: 0, integer: 4 };

/** Creates a batcher that owns `engine`, which is warm. */
export function createBatcher(engine: StudentEngine): Batcher {
  const { inputs, outputs } = engine;
  /** Row-major, the rows of `waiting`; grows up to `maxWaitingRows`. */
  let values = new Float32Array(32 * inputs);
  const waiting: WaitingRow[] = [];
  let running = 0;
  /** Since the last tick; the first of them schedules the next one. */
  let wakes = 0;
  let isDraining = false;
  let onEmpty: (() => void) | null = null;
  let closing: Promise<void> | null = null;

  const wake = (): void => {
    wakes++;
    if (waiting.length >= promptRows || wakes <= aloneRows[engine.kind]) void drain();
    if (wakes > 1) return;
    setImmediate(() => {
      wakes = 0;
      void drain();
    });
  };
  const drain = async (): Promise<void> => {
    if (isDraining) return;
    isDraining = true;
    while (waiting.length > 0) await runBatch();
    isDraining = false;
    onEmpty?.();
  };
  const runBatch = async (): Promise<void> => {
    const batch = waiting.splice(0, maxRunRows);
    running = batch.length;
    const rows = values.slice(0, running * inputs);
    values.copyWithin(0, running * inputs, (running + waiting.length) * inputs);
    try {
      const quantised = await engine.run(rows, running);
      for (const [row, { resolve }] of batch.entries()) {
        resolve(quantised.slice(row * outputs, (row + 1) * outputs));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    running = 0;
  };
  const closeWhenEmpty = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      onEmpty = resolve;
      wake();
    });
    await engine.close();
  };

  return {
    submit(row) {
      if (closing !== null) return refuse("the model is closed");
      if (row.length !== inputs) return refuse(`a row has ${row.length} features, expected ${inputs}`);
      if (row.some(Number.isNaN)) return refuse("a row holds a feature that is not a number");
      if (waiting.length + running >= maxWaitingRows) return refuse(`${maxWaitingRows} windows wait already`);
      const offset = waiting.length * inputs;
      if (values.length < offset + inputs) {
        const grown = new Float32Array((offset + inputs) * 2);
        grown.set(values);
        values = grown;
      }
      values.set(row, offset);
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        wake();
      });
    },
    close() {
      closing ??= closeWhenEmpty();
      return closing;
    },
  };
}

function refuse(message: string): Promise<never> {
  return Promise.reject(new AuroraError("INFERENCE", message, { op: "submit window" }));
}
