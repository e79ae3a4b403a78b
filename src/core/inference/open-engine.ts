/**
 * Opens the engine that serves a student: plain integers for a small one; for a larger one ONNX Runtime, where it loads and
 * gives the same integers on this very machine, or else integers with the reason. What it returns is warm.
 */
import { AuroraError, hasErrorCode } from "../contract/aurora-error.ts";
import { countMultiplyAdds, type QuantisedMlp } from "../contract/bundle/quantised-mlp.ts";
import { createRandom } from "../maths/random.ts";
import { createIntegerEngine } from "./integer-engine.ts";
import { decodeStudent } from "./onnx-codec.ts";
import { createOnnxEngine, type OnnxEngineOptions } from "./onnx-session.ts";
import type { StudentEngine } from "./student-engine.ts";

interface OpenEngineOptions extends OnnxEngineOptions {
  /**
   * `auto`: integers for a small student (see {@link isSmallStudent}), ONNX Runtime for a larger one, or integers with a
   * reason; `onnx`: ONNX Runtime or an error (a proof or a benchmark must not silently run something else); `integer`.
   */
  readonly prefer: "onnx" | "integer" | "auto";
}

/** Where a fallback is reported; a pino logger fits. */
interface EngineLogger {
  warn(details: Readonly<Record<string, unknown>>, message: string): void;
}

/** A warm engine. */
interface OpenedEngine {
  readonly engine: StudentEngine;
  readonly student: QuantisedMlp;
}

/**
 * Multiply-adds a window up to which integers serve. A call of ONNX Runtime costs as much as 10,000 of them, its library
 * 28 MB; an explanation of a thousand rows, where it is much faster, stays within 4 ms up to here (`scripts/bench-engines.ts`).
 */
export const smallStudentMultiplyAdds = 2048;

/** Does `auto` serve this student as plain integers, without loading ONNX Runtime? */
export function isSmallStudent(student: QuantisedMlp): boolean {
  return countMultiplyAdds(student) <= smallStudentMultiplyAdds;
}

/** Rows of the comparison of both engines: enough to meet every kernel path (single row, full and partial blocks). */
const crossCheckRows = 67;

/**
 * Opens a student from ONNX bytes. Rejects with INFERENCE when the bytes are not a student, or when `prefer` is `onnx`
 * and ONNX Runtime cannot serve it exactly.
 */
export async function openEngine(
  bytes: Uint8Array,
  options: OpenEngineOptions,
  logger?: EngineLogger,
): Promise<OpenedEngine> {
  const student = decodeStudent(bytes);
  const integer = createIntegerEngine(student);
  if (options.prefer === "integer" || (options.prefer === "auto" && isSmallStudent(student))) {
    await integer.run(createCheckRows(student), crossCheckRows);
    return { engine: integer, student };
  }
  try {
    return { engine: await openCheckedOnnx(bytes, { student, integer }, options), student };
  } catch (error) {
    if (options.prefer === "onnx" || !hasErrorCode(error, "INFERENCE")) throw error;
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    logger?.warn({ code: error.code, op: error.op, cause }, `the integer engine serves: ${error.message}`);
    return { engine: integer, student };
  }
}

async function openCheckedOnnx(
  bytes: Uint8Array,
  { student, integer }: { readonly student: QuantisedMlp; readonly integer: StudentEngine },
  options: OnnxEngineOptions,
): Promise<StudentEngine> {
  const onnx = await createOnnxEngine(bytes, options);
  const rows = createCheckRows(student);
  const expected = await integer.run(rows, crossCheckRows);
  const differences =
    countDifferences(await onnx.run(rows, crossCheckRows), expected) +
    countDifferences(await onnx.run(rows, 1), expected.subarray(0, onnx.outputs));
  if (differences > 0) {
    await onnx.close();
    throw new AuroraError(
      "INFERENCE",
      `ONNX Runtime differs from the student's definition in ${differences} of ${expected.length + onnx.outputs} outputs on this machine`,
      { op: "open model", hint: "report the CPU; the integer engine serves when the engine is set to auto" },
    );
  }
  return onnx;
}

/** Standardised rows that reach both ends of the input's range and its middle. */
function createCheckRows(student: QuantisedMlp): Float32Array {
  const random = createRandom(20_260_101);
  const { inputs } = student.layers[0]!;
  const spread = student.inputScale * 100;
  return Float32Array.from({ length: crossCheckRows * inputs }, (_, index) =>
    index % 11 === 0 ? (random.integer(512) - 255.5) * student.inputScale : random.normal() * spread,
  );
}

function countDifferences(actual: Uint8Array, expected: Uint8Array): number {
  let differences = Math.abs(actual.length - expected.length);
  for (let index = 0; index < expected.length; index++) {
    if (actual[index] !== expected[index]) differences++;
  }
  return differences;
}
