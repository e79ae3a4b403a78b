import { describe, expect, test } from "vitest";
import { createRandomStudent } from "../../../scripts/mcu/random-student.ts";
import { createIntegerEngine, createIntegerKernel } from "../../../src/core/inference/integer-engine.ts";
import { encodeStudent } from "../../../src/core/inference/onnx-codec.ts";
import {
  createOnnxEngine,
  importRuntime,
  type OnnxRuntime,
  probeRuntime,
} from "../../../src/core/inference/onnx-session.ts";
import { openEngine } from "../../../src/core/inference/open-engine.ts";
import { readProbeSums } from "../../../src/core/inference/saturation-probe.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

/** More work than plain integers are chosen for. */
const bytes = encodeStudent(createRandomStudent(createRandom(9), [64, 32, 16, 6]));
const noRuntime = (): Promise<OnnxRuntime> => Promise.reject(new Error("libonnxruntime.so.1: cannot open"));

/** ONNX Runtime whose outputs are changed before they are handed out. */
async function createLyingRuntime(lie: (data: Uint8Array | Int32Array) => void): Promise<OnnxRuntime> {
  const real = await importRuntime();
  const create = async (...given: Parameters<typeof real.InferenceSession.create>): Promise<unknown> => {
    const session = await real.InferenceSession.create(...given);
    return {
      run: async (feeds: Parameters<typeof session.run>[0]) => {
        const results = await session.run(feeds);
        for (const tensor of Object.values(results)) lie(tensor.data as Uint8Array);
        return results;
      },
      release: () => session.release(),
    };
  };
  return { Tensor: real.Tensor, InferenceSession: { create } } as unknown as OnnxRuntime;
}

/** Opens the student by what this runtime allows, and gives what was said of it as well. */
async function openAuto(student: Uint8Array, loadRuntime?: () => Promise<OnnxRuntime>) {
  const warnings: string[] = [];
  const { engine } = await openEngine(
    student,
    { prefer: "auto", ...(loadRuntime && { loadRuntime }) },
    { warn: (details, message) => warnings.push(`${message} | ${details.cause}`) },
  );
  return { engine, warnings };
}

describe("opening an engine", () => {
  test("gives ONNX Runtime where it loads and the student is not small", async () => {
    const { engine, warnings } = await openAuto(bytes);
    expect(engine).toMatchObject({ kind: "onnx", inputs: 64, outputs: 6 });
    expect(warnings).toEqual([]);
    await engine.close();
  });

  test.each([
    { shape: [32, 64], kind: "integer" },
    { shape: [683, 3], kind: "onnx" },
  ])("auto serves a student of $shape as $kind, and loads the native library for no other", async (one) => {
    let loads = 0;
    const loadRuntime = (): Promise<OnnxRuntime> => {
      loads += 1;
      return importRuntime();
    };
    const student = encodeStudent(createRandomStudent(createRandom(9), one.shape));
    const { engine, warnings } = await openAuto(student, loadRuntime);
    expect([engine.kind, loads, warnings]).toEqual([one.kind, one.kind === "onnx" ? 1 : 0, []]);
    await engine.close();
  });

  test("gives the integer engine, and says why, where the native library does not load", async () => {
    const { engine, warnings } = await openAuto(bytes, noRuntime);
    expect(engine.kind).toBe("integer");
    expect(warnings).toEqual([expect.stringMatching(/does not load.* \| .*libonnxruntime\.so\.1/)]);
    expect((await engine.run(new Float32Array(128), 2)).length).toBe(12);
  });

  test("gives the integer engine when ONNX Runtime disagrees in a single output", async () => {
    let calls = 0;
    const runtime = await createLyingRuntime((data) => {
      if (data instanceof Uint8Array && ++calls === 1) data[100]! ^= 1;
    });
    const { engine, warnings } = await openAuto(bytes, async () => runtime);
    expect(engine.kind).toBe("integer");
    expect(warnings).toEqual([expect.stringContaining("1 of 408 outputs")]);
  });

  test("gives the integer engine when the CPU's kernels saturate 7-bit products", async () => {
    const runtime = await createLyingRuntime((data) => {
      if (data instanceof Int32Array) data.fill(32 * 32767);
    });
    const { warnings } = await openAuto(bytes, async () => runtime);
    expect(warnings).toEqual([expect.stringContaining("7-bit")]);
  });

  test("is an error instead of another engine when ONNX Runtime was demanded", async () => {
    const opening = openEngine(bytes, { prefer: "onnx", loadRuntime: noRuntime });
    await expect(opening).rejects.toMatchObject({ code: "INFERENCE", subject: "onnxruntime-node" });
  });

  test("never loads the native library when the integer engine was asked for", async () => {
    const { engine } = await openEngine(bytes, {
      prefer: "integer",
      loadRuntime: () => {
        throw new Error("loaded");
      },
    });
    expect(engine.kind).toBe("integer");
  });

  test("is an error for a model that no engine can run", async () => {
    await expect(openEngine(bytes.subarray(9), { prefer: "auto" })).rejects.toMatchObject({
      code: "INFERENCE",
    });
    await expect(createOnnxEngine(bytes.subarray(9))).rejects.toMatchObject({ code: "INFERENCE" });
  });
});

describe("the saturation probe", () => {
  test("finds 7-bit weights exact on this machine (E1, E2)", async () => {
    expect((await probeRuntime(await importRuntime())).sevenBitExact).toBe(true);
  });

  test("tells a CPU that saturates pairs at int16 from one that does not (E2)", () => {
    const fill = (sums: readonly number[]): Int32Array =>
      Int32Array.from({ length: 68 }, (_, column) => sums[Math.floor(column / 17)]!);
    expect(readProbeSums(fill([2_072_640, -2_088_960, 1_028_160, -1_028_160]))).toEqual({
      sevenBitExact: true,
      eightBitExact: true,
    });
    expect(readProbeSums(fill([1_048_544, -1_048_576, 1_028_160, -1_028_160]))).toEqual({
      sevenBitExact: true,
      eightBitExact: false,
    });
    expect(readProbeSums(fill([2_072_640, -2_088_960, 1_028_159, -1_028_160])).sevenBitExact).toBe(false);
    expect(readProbeSums(new Int32Array(0))).toEqual({ sevenBitExact: false, eightBitExact: false });
  });
});

describe("the integer engine", () => {
  const identity = (inputZeroPoint: number): Parameters<typeof createIntegerKernel>[0] => ({
    inputScale: 1,
    inputZeroPoint,
    layers: [
      {
        inputs: 1,
        outputs: 1,
        weights: Int8Array.of(1),
        weightScales: Float32Array.of(1),
        bias: Int32Array.of(0),
        relu: false,
        outputScale: 1,
        outputZeroPoint: 128,
      },
    ],
  });

  test("rounds inputs half to even (E3)", async () => {
    const halves = Float32Array.of(0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5);
    for (const engine of [
      createIntegerEngine(identity(128)),
      await createOnnxEngine(encodeStudent(identity(128))),
    ]) {
      expect([...(await engine.run(halves, 7))]).toEqual([128, 130, 130, 128, 126, 126, 254]);
      await engine.close();
    }
  });

  test("rounds requantised sums half to even and saturates, as ONNX Runtime does (E3)", async () => {
    const mlp = identity(128);
    const halved = { ...mlp, layers: [{ ...mlp.layers[0]!, outputScale: 2 }] };
    const sevens = { ...mlp, layers: [{ ...mlp.layers[0]!, weights: Int8Array.of(63), outputScale: 0.5 }] };
    const values = Float32Array.of(
      1,
      3,
      5,
      -1,
      -3,
      2,
      1e9,
      -1e9,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    );
    const expected = [
      [128, 130, 130, 128, 126, 129, 192, 64, 192, 64],
      [254, 255, 255, 2, 0, 255, 255, 0, 255, 0],
    ];
    for (const [index, student] of [halved, sevens].entries()) {
      for (const engine of [createIntegerEngine(student), await createOnnxEngine(encodeStudent(student))]) {
        expect([...(await engine.run(values, 10))], engine.kind).toEqual(expected[index]);
        await engine.close();
      }
    }
  });

  test("takes already quantised inputs and gives the same", () => {
    const mlp = createRandomStudent(createRandom(12), [9, 5, 2]);
    const kernel = createIntegerKernel(mlp);
    const quantised = Uint8Array.from({ length: 90 }, (_, index) => (index * 37) & 255);
    const rows = Float32Array.from(quantised, (q) => (q - mlp.inputZeroPoint) * mlp.inputScale);
    const [first, second] = [new Uint8Array(20), new Uint8Array(20)];
    kernel.runQuantisedInto(quantised, 10, first);
    kernel.runInto(rows, 10, second);
    expect(first).toEqual(second);
  });

  test("says when a buffer does not hold the rows", () => {
    const kernel = createIntegerKernel(identity(0));
    expect(() => kernel.runInto(new Float32Array(2), 3, new Uint8Array(3))).toThrow(RangeError);
    expect(() => kernel.runInto(new Float32Array(3), 3, new Uint8Array(2))).toThrow(RangeError);
  });
});
