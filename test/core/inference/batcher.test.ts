import { describe, expect, test } from "vitest";
import { createRandomRows, createRandomStudent } from "../../../scripts/mcu/random-student.ts";
import { createBatcher } from "../../../src/core/inference/batcher.ts";
import { createIntegerEngine } from "../../../src/core/inference/integer-engine.ts";
import type { StudentEngine } from "../../../src/core/inference/student-engine.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const student = createRandomStudent(createRandom(7), [17, 16, 3]);
/** Of a kind for which rows are gathered. */
const engine: StudentEngine = { ...createIntegerEngine(student), kind: "onnx" };

function createRows(seed: number, count: number): Float32Array {
  return createRandomRows(createRandom(seed), student, count);
}

/** The engine, with the sizes of the batches that it ran. */
function createCountingEngine(counted = engine): {
  readonly counting: StudentEngine;
  readonly batches: readonly number[];
} {
  const batches: number[] = [];
  const run: StudentEngine["run"] = (values, rows) => {
    batches.push(rows);
    return counted.run(values, rows);
  };
  return { counting: { ...counted, run }, batches };
}

/** An engine whose runs end when the test says so. */
function createHeldEngine(): {
  readonly held: StudentEngine;
  readonly release: () => void;
  readonly isClosed: () => boolean;
} {
  let open: (() => void) | undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let isClosed = false;
  return {
    held: {
      ...engine,
      run: async (values, rows) => {
        await opened;
        if (isClosed) throw new Error("run after close");
        return engine.run(values, rows);
      },
      close: async () => {
        isClosed = true;
      },
    },
    release: () => open!(),
    isClosed: () => isClosed,
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** What follows of what has been done, within this turn of the event loop. */
const sameTurn = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

describe("the batcher", () => {
  test("runs the rows of one tick as one batch and answers each with its own logits", async () => {
    const { counting, batches } = createCountingEngine();
    const batcher = createBatcher(counting);
    const rows = createRows(1, 40);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, row) => batcher.submit(rows.subarray(row * 17, (row + 1) * 17))),
    );
    const expected = await engine.run(rows, 40);
    for (const [row, answer] of answers.entries()) {
      expect(answer).toEqual(expected.slice(row * 3, (row + 1) * 3));
    }
    expect(batches).toEqual([40]);
    await batcher.close();
  });

  test("runs at once what waits in a burst, and the rest with the tick", async () => {
    const batcher = createBatcher(engine);
    const rows = createRows(4, 100);
    let isNextTurn = false;
    setImmediate(() => {
      isNextTurn = true;
    });
    const answered: number[] = [];
    const answers = Array.from({ length: 100 }, async (_, row) => {
      await batcher.submit(rows.subarray(row * 17, (row + 1) * 17));
      answered.push(row);
    });
    await Promise.all(answers.slice(0, 64));
    expect(isNextTurn).toBe(false);
    await Promise.all(answers);
    expect(answered).toEqual(Array.from({ length: 100 }, (_, row) => row));
  });

  test("runs both bands of a window together where rows are gathered", async () => {
    const { counting, batches } = createCountingEngine();
    const batcher = createBatcher(counting);
    const rows = createRows(5, 2);
    await Promise.all([batcher.submit(rows.subarray(0, 17)), batcher.submit(rows.subarray(17))]);
    expect(batches).toEqual([2]);
  });

  test("runs the first four rows of a tick on the spot where they are for integers, and the rest with it", async () => {
    const { counting, batches } = createCountingEngine(createIntegerEngine(student));
    const batcher = createBatcher(counting);
    const rows = createRows(6, 8);
    const submit = (row: number): Promise<Uint8Array> =>
      batcher.submit(rows.subarray(row * 17, (row + 1) * 17));
    const answers: Uint8Array[] = [];
    for (let row = 0; row < 4; row++) answers.push(await submit(row));
    await sameTurn();
    const later = [4, 5, 6].map(submit);
    await sameTurn();
    expect(batches).toEqual([1, 1, 1, 1]);
    answers.push(...(await Promise.all(later)), await submit(7));
    expect(batches).toEqual([1, 1, 1, 1, 3, 1]);
    const expected = await engine.run(rows, 8);
    expect(answers).toEqual(answers.map((_, row) => expected.slice(row * 3, (row + 1) * 3)));
  });

  test("copies a row when it is submitted, so that its buffer can be reused at once", async () => {
    const batcher = createBatcher(engine);
    const rows = createRows(2, 2);
    const buffer = rows.slice(0, 17);
    const first = batcher.submit(buffer);
    buffer.set(rows.subarray(17));
    const second = batcher.submit(buffer);
    const expected = await engine.run(rows, 2);
    expect(await first).toEqual(expected.slice(0, 3));
    expect(await second).toEqual(expected.slice(3, 6));
  });

  test("splits a burst at the batch limit and keeps its order", async () => {
    const { counting, batches } = createCountingEngine();
    const batcher = createBatcher(counting);
    const rows = createRows(3, 5_000);
    const order: number[] = [];
    const expected = await engine.run(rows, 5_000);
    await Promise.all(
      Array.from({ length: 5_000 }, async (_, row) => {
        const quantised = await batcher.submit(rows.subarray(row * 17, (row + 1) * 17));
        order.push(row);
        expect(quantised).toEqual(expected.slice(row * 3, (row + 1) * 3));
      }),
    );
    expect(order).toEqual(Array.from({ length: 5_000 }, (_, row) => row));
    expect(batches).toEqual([64, 2_048, 2_048, 840]);
  });

  test("answers every window in its order with its own logits while windows keep coming", async () => {
    const batcher = createBatcher(engine);
    const chance = createRandom(11);
    const total = 3_000;
    const rows = createRows(12, total);
    const expected = await engine.run(rows, total);
    const answered: number[] = [];
    const pending: Promise<void>[] = [];
    for (let index = 0; index < total; index++) {
      pending.push(
        batcher.submit(rows.subarray(index * 17, (index + 1) * 17)).then((quantised) => {
          answered.push(index);
          expect(quantised).toEqual(expected.slice(index * 3, (index + 1) * 3));
        }),
      );
      if (chance.uniform() < 0.3) await turn();
    }
    await Promise.all(pending);
    expect(answered).toEqual(Array.from({ length: total }, (_, index) => index));
  });

  test("closes the engine only after its last row, running or waiting, is answered", async () => {
    const { held, release, isClosed } = createHeldEngine();
    const batcher = createBatcher(held);
    const rows = createRows(5, 2);
    const running = batcher.submit(rows.subarray(0, 17));
    await turn();
    const waiting = batcher.submit(rows.subarray(17));
    const closed = batcher.close();
    expect(batcher.close()).toBe(closed);
    await turn();
    expect(isClosed()).toBe(false);
    release();
    const expected = await engine.run(rows, 2);
    expect(await running).toEqual(expected.slice(0, 3));
    expect(await waiting).toEqual(expected.slice(3, 6));
    await closed;
    expect(isClosed()).toBe(true);
  });

  test("refuses a row that does not fit, holds a NaN, finds the queue full or comes after the close", async () => {
    const { counting, batches } = createCountingEngine();
    const batcher = createBatcher(counting);
    const refused = (message: string): object => {
      return expect.objectContaining({ code: "INFERENCE", message: expect.stringContaining(message) });
    };
    await expect(batcher.submit(new Float32Array(3))).rejects.toEqual(refused("3 features, expected 17"));
    const spoilt = new Float32Array(17).fill(Number.NaN);
    await expect(batcher.submit(spoilt)).rejects.toEqual(refused("not a number"));
    const taken = Array.from({ length: 8_192 }, () => batcher.submit(new Float32Array(17)));
    await expect(batcher.submit(new Float32Array(17))).rejects.toEqual(refused("wait already"));
    await Promise.all(taken);
    await batcher.close();
    await expect(batcher.submit(new Float32Array(17))).rejects.toEqual(refused("closed"));
    expect(batches.reduce((sum, rows) => sum + rows)).toBe(8_192);
  });

  test("counts the rows that run among those that may be out at once", async () => {
    const { held, release } = createHeldEngine();
    const batcher = createBatcher(held);
    const running = batcher.submit(new Float32Array(17));
    await turn();
    const waiting = Array.from({ length: 8_191 }, () => batcher.submit(new Float32Array(17)));
    await expect(batcher.submit(new Float32Array(17))).rejects.toMatchObject({ code: "INFERENCE" });
    release();
    await Promise.all([running, ...waiting]);
    await expect(batcher.submit(new Float32Array(17))).resolves.toHaveLength(3);
  });

  test("rejects only the rows of the batch that failed and goes on", async () => {
    let failNext = true;
    const failing: StudentEngine = {
      ...engine,
      run: (values, rows) => {
        if (!failNext) return engine.run(values, rows);
        failNext = false;
        return Promise.reject(new Error("device lost"));
      },
    };
    const batcher = createBatcher(failing);
    await expect(batcher.submit(new Float32Array(17))).rejects.toThrow("device lost");
    await expect(batcher.submit(new Float32Array(17))).resolves.toBeDefined();
  });
});
