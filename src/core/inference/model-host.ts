/**
 * Runs the windows of many points as one batch a tick, or as soon as many wait, and changes the model between two batches:
 * rows submitted before the change run on the old model, rows after it on the new one, answers come in the order of
 * submission, and none is lost. It knows no features, bundles or decisions.
 */
import { AuroraError } from "../contract/aurora-error.ts";
import type { StudentEngine } from "./student-engine.ts";

/** A warm engine and what its owner wants to find again beside the answers (manifest, scaler, decider parts). */
export interface HostedModel<M> {
  readonly engine: StudentEngine;
  readonly meta: M;
}

interface HostedOutput<M> {
  /** Quantised logits; the caller's own. */
  readonly quantised: Uint8Array;
  /** The model that ran the row. */
  readonly model: HostedModel<M>;
}

/** Counts since the host was created. `submitted = completed + failed + waiting`. */
interface ModelHostCounters {
  readonly submitted: number;
  readonly completed: number;
  /** Rows whose batch failed; their promises were rejected. */
  readonly failed: number;
  /** Rows that were not taken: queue full, wrong length, NaN, or closed. Not in `submitted`. */
  readonly refused: number;
  readonly batches: number;
  readonly largestBatch: number;
  readonly swaps: number;
  /** Rows that wait or run. */
  readonly waiting: number;
}

interface ModelHostOptions {
  /** Rows of one run at most; default 2,048. */
  readonly maxBatchRows?: number;
  /**
   * Rows with which a run begins at once; default 64. One turn of the event loop may read more than a thousand windows: all that
   * each of them holds would outlive the young generation, and be marked and swept with the old one.
   */
  readonly promptRows?: number;
  /** Rows that may wait at once; default 8,192. */
  readonly maxWaitingRows?: number;
  /** Calls `run` once, a little later: what gathers a batch. Default `setImmediate`. */
  readonly schedule?: (run: () => void) => void;
}

interface ModelHost<M> {
  /** The model that the next submitted row will run on: standardise for this one. */
  readonly current: HostedModel<M>;
  readonly counters: ModelHostCounters;
  /**
   * Takes one standardised row (copied at once) for the current model. Rejects with INFERENCE when the row does not
   * fit the model, holds a NaN, too many rows wait, the host is closed, or the run fails.
   */
  submit(row: Float32Array): Promise<HostedOutput<M>>;
  /**
   * Makes `next` (already warm) the current model at once. Resolves when the old model has answered its last row, is
   * no longer lent and closed; `next` is serving from the moment of the call.
   */
  swap(next: HostedModel<M>): Promise<void>;
  /**
   * Lends the engine of a model that answered (for an explanation): it is not closed before `use` has settled. To be
   * called in the turn of the event loop in which the answer came, or later for as long as the model is current.
   * Rejects with INFERENCE when the model is closed already.
   */
  lend<T>(model: HostedModel<M>, use: (engine: StudentEngine) => Promise<T>): Promise<T>;
  /** Takes no more rows, answers the waiting ones and closes the engine. */
  close(): Promise<void>;
}

interface WaitingRow<M> {
  readonly resolve: (output: HostedOutput<M>) => void;
  readonly reject: (error: unknown) => void;
}

/** The rows of one model, in order. */
interface Lane<M> {
  readonly model: HostedModel<M>;
  /** Row-major, grows up to `maxWaitingRows`. */
  values: Float32Array;
  waiting: WaitingRow<M>[];
  /** Called when the lane has been retired and is empty. */
  retired: (() => void) | null;
  /** What the engine is lent to. */
  readonly loans: Set<Promise<unknown>>;
}

/** Creates a host that serves `initial`. */
export function createModelHost<M>(initial: HostedModel<M>, options: ModelHostOptions = {}): ModelHost<M> {
  const maxBatchRows = options.maxBatchRows ?? 2048;
  const promptRows = options.promptRows ?? 64;
  const maxWaitingRows = options.maxWaitingRows ?? 8_192;
  const schedule = options.schedule ?? ((run: () => void) => void setImmediate(run));
  const counters = {
    submitted: 0,
    completed: 0,
    failed: 0,
    refused: 0,
    batches: 0,
    largestBatch: 0,
    swaps: 0,
    waiting: 0,
  };
  let current = createLane(initial);
  /** Lanes in the order in which they must be answered; the last one is the current. */
  const lanes: Lane<M>[] = [current];
  /** Lanes whose engine is not closed. */
  const open = new Map<HostedModel<M>, Lane<M>>([[initial, current]]);
  let isScheduled = false;
  let isDraining = false;
  let closing: Promise<void> | null = null;

  const refuse = (message: string): Promise<never> => {
    counters.refused++;
    return Promise.reject(createError("submit window", message));
  };
  const wake = (): void => {
    if (current.waiting.length >= promptRows) void drain();
    else if (!isScheduled) {
      isScheduled = true;
      schedule(() => {
        isScheduled = false;
        void drain();
      });
    }
  };
  const drain = async (): Promise<void> => {
    if (isDraining) return;
    isDraining = true;
    for (let lane = lanes[0]; lane !== undefined; lane = lanes[0]) {
      if (lane.waiting.length > 0) await runBatch(lane);
      else if (lane.retired !== null) {
        lanes.shift();
        lane.retired();
      } else break;
    }
    isDraining = false;
  };
  const runBatch = async (lane: Lane<M>): Promise<void> => {
    const { engine } = lane.model;
    const rows = Math.min(lane.waiting.length, maxBatchRows);
    const batch = lane.waiting.splice(0, rows);
    const values = lane.values.slice(0, rows * engine.inputs);
    lane.values.copyWithin(0, rows * engine.inputs, (rows + lane.waiting.length) * engine.inputs);
    counters.batches++;
    counters.largestBatch = Math.max(counters.largestBatch, rows);
    try {
      const outputs = await engine.run(values, rows);
      for (const [row, { resolve }] of batch.entries()) {
        const quantised = outputs.slice(row * engine.outputs, (row + 1) * engine.outputs);
        resolve({ quantised, model: lane.model });
      }
      counters.completed += rows;
    } catch (error) {
      counters.failed += rows;
      for (const { reject } of batch) reject(error);
    }
    counters.waiting -= rows;
  };
  const retire = async (lane: Lane<M>): Promise<void> => {
    await new Promise<void>((resolve) => {
      lane.retired = resolve;
      wake();
    });
    // Whoever got the last answer has this turn of the event loop to borrow the engine.
    await new Promise<void>((resolve) => schedule(resolve));
    while (lane.loans.size > 0) await Promise.allSettled(lane.loans);
    open.delete(lane.model);
    await lane.model.engine.close();
  };

  return {
    get current() {
      return current.model;
    },
    get counters() {
      return { ...counters };
    },
    submit(row) {
      const { inputs } = current.model.engine;
      if (closing !== null) return refuse("the model host is closed");
      if (row.length !== inputs) return refuse(`a row has ${row.length} features, expected ${inputs}`);
      if (row.some(Number.isNaN)) return refuse("a row holds a feature that is not a number");
      if (counters.waiting >= maxWaitingRows) return refuse(`${maxWaitingRows} windows wait already`);
      const offset = current.waiting.length * inputs;
      if (current.values.length < offset + inputs) {
        const grown = new Float32Array((offset + inputs) * 2);
        grown.set(current.values);
        current.values = grown;
      }
      current.values.set(row, offset);
      counters.submitted++;
      counters.waiting++;
      const { waiting } = current;
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        wake();
      });
    },
    async swap(next) {
      if (closing !== null) throw createError("swap model", "the model host is closed");
      const old = current;
      current = createLane(next);
      lanes.push(current);
      open.set(next, current);
      counters.swaps++;
      await retire(old);
    },
    async lend(model, use) {
      const lane = open.get(model);
      if (lane === undefined) throw createError("lend model", "the model is closed");
      const loan = use(model.engine);
      lane.loans.add(loan);
      try {
        return await loan;
      } finally {
        lane.loans.delete(loan);
      }
    },
    close() {
      closing ??= retire(current);
      return closing;
    },
  };
}

function createError(op: string, message: string): AuroraError {
  return new AuroraError("INFERENCE", message, { op });
}

function createLane<M>(model: HostedModel<M>): Lane<M> {
  return {
    model,
    values: new Float32Array(32 * model.engine.inputs),
    waiting: [],
    retired: null,
    loans: new Set(),
  };
}
