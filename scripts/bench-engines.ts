/**
 * What a window and an explanation cost with either engine, by size of the student: where `bundles.engine: auto` should change
 * over. Run with `npx tsx scripts/bench-engines.ts`; CPU time of this process, the least of some runs, after warming up.
 */
import { readFile } from "node:fs/promises";
import { countMultiplyAdds, type QuantisedMlp } from "../src/core/contract/bundle/quantised-mlp.ts";
import { decodeBackground } from "../src/core/explain/background.ts";
import { createIntegerEngine } from "../src/core/inference/integer-engine.ts";
import { decodeStudent, encodeStudent } from "../src/core/inference/onnx-codec.ts";
import { createOnnxEngine } from "../src/core/inference/onnx-session.ts";
import { smallStudentMultiplyAdds } from "../src/core/inference/open-engine.ts";
import type { StudentEngine } from "../src/core/inference/student-engine.ts";
import { createRandom } from "../src/core/maths/random.ts";
import { ownCpuSeconds } from "./bench/process-cpu.ts";
import { createRandomStudent } from "./mcu/random-student.ts";
import { readOptions } from "./suite-options.ts";

/** Rows of an explanation where the bundle has none: five groups, 32 rows of background. */
const usualRows = 31 * 32 + 1;
const repeats = 7;

interface Subject {
  readonly name: string;
  readonly student: QuantisedMlp;
  /** Rows of one explanation. */
  readonly rows: number;
}

async function readShipped(name: string): Promise<Subject> {
  const dir = `models/${name}/1.0.0`;
  const student = decodeStudent(await readFile(`${dir}/model.int8.onnx`));
  const { groups } = JSON.parse(await readFile(`${dir}/manifest.json`, "utf8")) as { groups: string[] };
  const { rows } = decodeBackground(await readFile(`${dir}/background.bin`));
  return { name, student, rows: (2 ** groups.length - 1) * rows + 1 };
}

readOptions({
  command: "npx tsx scripts/bench-engines.ts",
  does: "What a window and an explanation cost with either engine, by size of the student.",
  options: {},
});
const shapes = [
  [17, 16, 8, 3],
  [32, 32, 16, 6],
  [64, 32, 16, 6],
  [64, 64, 32, 6],
  [128, 64, 32, 8],
  [256, 128, 64, 8],
];
const random = createRandom(9);
const subjects: Subject[] = [
  await readShipped("bearing-vibration"),
  await readShipped("turbine-scada"),
  ...shapes.map((shape) => ({
    name: shape.join("-"),
    student: createRandomStudent(random, shape),
    rows: usualRows,
  })),
];

/** Microseconds of CPU time of one run of `rows` rows. */
async function time(engine: StudentEngine, rows: number, runs: number): Promise<number> {
  const values = Float32Array.from({ length: rows * engine.inputs }, (_, index) => 2 * Math.sin(index));
  let least = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat <= repeats; repeat++) {
    const before = ownCpuSeconds();
    for (let run = 0; run < runs; run++) await engine.run(values, rows);
    const seconds = ownCpuSeconds() - before;
    if (repeat > 0) least = Math.min(least, (1e6 * seconds) / runs);
  }
  return least;
}

process.stdout.write(`auto: integers up to ${smallStudentMultiplyAdds} multiply-adds a window\n`);
process.stdout.write(
  "multiply-adds   a window: ONNX, integers    an explanation: rows, ONNX, integers   student\n",
);
for (const { name, student, rows } of subjects) {
  const onnx = await createOnnxEngine(encodeStudent(student));
  const integer = createIntegerEngine(student);
  const window = [await time(onnx, 1, 2000), await time(integer, 1, 2000)].map((us) => `${us.toFixed(1)} µs`);
  const reason = [await time(onnx, rows, 20), await time(integer, rows, 20)].map(
    (us) => `${(us / 1000).toFixed(2)} ms`,
  );
  const cells = [countMultiplyAdds(student), ...window, rows, ...reason].map((cell) =>
    String(cell).padStart(11),
  );
  process.stdout.write(`${cells.join(" ")}   ${name}\n`);
  await onnx.close();
}
