import { describe, expect, test } from "vitest";
import { createRandomRows, createRandomStudent } from "../../../scripts/mcu/random-student.ts";
import { createIntegerEngine } from "../../../src/core/inference/integer-engine.ts";
import { createModelHost } from "../../../src/core/inference/model-host.ts";
import { encodeStudent } from "../../../src/core/inference/onnx-codec.ts";
import { openEngine } from "../../../src/core/inference/open-engine.ts";
import type { StudentEngine } from "../../../src/core/inference/student-engine.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const random = createRandom(7);
const students = [
  [17, 16, 3],
  [17, 8, 3],
  [5, 4, 2],
].map((widths) => createRandomStudent(random, widths));

/** An engine whose runs end when the test says so. */
function createHeldEngine(engine: StudentEngine): {
  engine: StudentEngine;
  release: () => void;
  closed: () => boolean;
} {
  let open: (() => void) | undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let isClosed = false;
  return {
    engine: {
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
    closed: () => isClosed,
  };
}

describe("the model host", () => {
  test("runs the rows of one tick as one batch and answers each with its own logits", async () => {
    const engine = createIntegerEngine(students[0]!);
    const host = createModelHost({ engine, meta: "a" });
    const rows = createRandomRows(createRandom(1), students[0]!, 40);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, row) => host.submit(rows.subarray(row * 17, (row + 1) * 17))),
    );
    const expected = await engine.run(rows, 40);
    for (const [row, answer] of answers.entries()) {
      expect(answer.quantised).toEqual(expected.slice(row * 3, (row + 1) * 3));
    }
    expect(host.counters).toMatchObject({
      submitted: 40,
      completed: 40,
      batches: 1,
      largestBatch: 40,
      waiting: 0,
    });
    await host.close();
  });

  test("runs at once what waits in a burst, and the rest with the tick", async () => {
    const engine = createIntegerEngine(students[0]!);
    const scheduled: (() => void)[] = [];
    const schedule = (run: () => void): void => void scheduled.push(run);
    const host = createModelHost({ engine, meta: null }, { promptRows: 16, schedule });
    const rows = createRandomRows(createRandom(4), students[0]!, 40);
    const answered: number[] = [];
    const answers = Array.from({ length: 40 }, async (_, row) => {
      await host.submit(rows.subarray(row * 17, (row + 1) * 17));
      answered.push(row);
    });
    await Promise.all(answers.slice(0, 16));
    expect(scheduled).toHaveLength(1);
    scheduled[0]!();
    await Promise.all(answers);
    expect(answered).toEqual(Array.from({ length: 40 }, (_, row) => row));
    expect(host.counters).toMatchObject({ completed: 40, waiting: 0 });
  });

  test("copies a row when it is submitted, so that its buffer can be reused at once", async () => {
    const engine = createIntegerEngine(students[0]!);
    const host = createModelHost({ engine, meta: null });
    const rows = createRandomRows(createRandom(2), students[0]!, 2);
    const buffer = rows.slice(0, 17);
    const first = host.submit(buffer);
    buffer.set(rows.subarray(17));
    const second = host.submit(buffer);
    const expected = await engine.run(rows, 2);
    expect((await first).quantised).toEqual(expected.slice(0, 3));
    expect((await second).quantised).toEqual(expected.slice(3, 6));
  });

  test("splits a burst at the batch limit and keeps its order", async () => {
    const engine = createIntegerEngine(students[0]!);
    const host = createModelHost({ engine, meta: null }, { maxBatchRows: 16 });
    const rows = createRandomRows(createRandom(3), students[0]!, 100);
    const order: number[] = [];
    const expected = await engine.run(rows, 100);
    await Promise.all(
      Array.from({ length: 100 }, async (_, row) => {
        const { quantised } = await host.submit(rows.subarray(row * 17, (row + 1) * 17));
        order.push(row);
        expect(quantised).toEqual(expected.slice(row * 3, (row + 1) * 3));
      }),
    );
    expect(order).toEqual(Array.from({ length: 100 }, (_, row) => row));
    expect(host.counters).toMatchObject({ batches: 7, largestBatch: 16 });
  });

  test("changes the model under load without losing, reordering or mixing a single window", async () => {
    const engines = await Promise.all(
      students.map(async (mlp) => (await openEngine(encodeStudent(mlp), { prefer: "auto" })).engine),
    );
    const oracle = students.map((mlp) => createIntegerEngine(mlp));
    const host = createModelHost({ engine: engines[0]!, meta: 0 }, { maxBatchRows: 8 });
    const chance = createRandom(11);
    const answered: number[] = [];
    const pending: Promise<void>[] = [];
    const swaps: Promise<void>[] = [];
    const total = 3_000;
    for (let index = 0; index < total; index++) {
      const meta = host.current.meta;
      const row = createRandomRows(chance, students[meta]!, 1);
      const expected = await oracle[meta]!.run(row, 1);
      pending.push(
        host.submit(row).then(({ quantised, model }) => {
          answered.push(index);
          expect(model.meta).toBe(meta);
          expect(quantised).toEqual(expected);
        }),
      );
      if (chance.uniform() < 0.3) await new Promise((resolve) => setImmediate(resolve));
      if (index === 1_000) swaps.push(host.swap({ engine: engines[1]!, meta: 1 }));
      if (index === 1_003) swaps.push(host.swap({ engine: engines[2]!, meta: 2 }));
    }
    await Promise.all([...pending, ...swaps]);
    expect(answered).toEqual(Array.from({ length: total }, (_, index) => index));
    expect(host.current.meta).toBe(2);
    expect(host.counters).toMatchObject({
      submitted: total,
      completed: total,
      failed: 0,
      swaps: 2,
      waiting: 0,
    });
    await host.close();
  });

  test("closes the old model only after its last running batch, and serves the new one after it", async () => {
    const held = createHeldEngine(createIntegerEngine(students[0]!));
    const host = createModelHost({ engine: held.engine, meta: "old" });
    const row = createRandomRows(createRandom(5), students[0]!, 1);
    const before = host.submit(row);
    await new Promise((resolve) => setImmediate(resolve));
    const swapped = host.swap({ engine: createIntegerEngine(students[1]!), meta: "new" });
    const after = host.submit(row);
    expect(held.closed()).toBe(false);
    held.release();
    expect((await before).model.meta).toBe("old");
    expect((await after).model.meta).toBe("new");
    await swapped;
    expect(held.closed()).toBe(true);
  });

  test("does not close the old model while it is lent, and lends no closed model", async () => {
    const held = createHeldEngine(createIntegerEngine(students[0]!));
    held.release();
    const old = { engine: held.engine, meta: "old" };
    const host = createModelHost(old);
    const row = createRandomRows(createRandom(6), students[0]!, 1);
    let finish: (() => void) | undefined;
    const explaining = host.submit(row).then(({ model }) =>
      host.lend(model, async (engine) => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        expect(held.closed()).toBe(false);
        return engine.run(row, 1);
      }),
    );
    const swapped = host.swap({ engine: createIntegerEngine(students[1]!), meta: "new" });
    expect((await host.submit(row)).model.meta).toBe("new");
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(held.closed()).toBe(false);
    finish!();
    expect(await explaining).toHaveLength(3);
    await swapped;
    expect(held.closed()).toBe(true);
    await expect(host.lend(old, async () => 1)).rejects.toMatchObject({ code: "INFERENCE" });
  });

  test("refuses a row that does not fit, holds a NaN or finds the queue full, and counts it", async () => {
    const host = createModelHost(
      { engine: createIntegerEngine(students[0]!), meta: null },
      { maxWaitingRows: 1, schedule: (run) => void setImmediate(run) },
    );
    await expect(host.submit(new Float32Array(3))).rejects.toMatchObject({ code: "INFERENCE" });
    await expect(host.submit(new Float32Array(17).fill(Number.NaN))).rejects.toThrow("not a number");
    const taken = host.submit(new Float32Array(17));
    await expect(host.submit(new Float32Array(17))).rejects.toThrow("wait already");
    await taken;
    await host.close();
    await expect(host.submit(new Float32Array(17))).rejects.toThrow("closed");
    expect(host.counters).toMatchObject({ submitted: 1, completed: 1, refused: 4, waiting: 0 });
  });

  test("rejects only the rows of the batch that failed and goes on", async () => {
    const good = createIntegerEngine(students[0]!);
    let failNext = true;
    const engine: StudentEngine = {
      ...good,
      run: (values, rows) => {
        if (!failNext) return good.run(values, rows);
        failNext = false;
        return Promise.reject(new Error("device lost"));
      },
    };
    const host = createModelHost({ engine, meta: null });
    await expect(host.submit(new Float32Array(17))).rejects.toThrow("device lost");
    await expect(host.submit(new Float32Array(17))).resolves.toBeDefined();
    expect(host.counters).toMatchObject({ submitted: 2, completed: 1, failed: 1, waiting: 0 });
  });
});
