/**
 * Runs on the CPU under test: ONNX Runtime and the TypeScript engine on the cases of a file. Prints one JSON object
 * `{cases, violations, eightBitExact}` and judges nothing.
 */
import { readFileSync } from "node:fs";
import { deserialize } from "node:v8";
import { createIntegerEngine } from "../../src/core/inference/integer-engine.ts";
import { decodeStudent } from "../../src/core/inference/onnx-codec.ts";
import { createOnnxEngine, importRuntime, probeRuntime } from "../../src/core/inference/onnx-session.ts";
import { type CpuCase, countViolations } from "./cpu-cases.ts";

let cases = 0;
let violations = 0;
for (const one of deserialize(readFileSync(process.argv[2]!)) as readonly CpuCase[]) {
  const engines = [await createOnnxEngine(one.onnx), createIntegerEngine(decodeStudent(one.onnx))];
  for (const engine of engines) {
    violations += countViolations(await engine.run(one.standardised, one.rows), one.expected, one.outputs);
    await engine.close();
  }
  cases += one.rows;
}
const { eightBitExact } = await probeRuntime(await importRuntime());
process.stdout.write(`${JSON.stringify({ cases, violations, eightBitExact })}\n`);
