/** Builds and runs the coverage-guided fuzzers of the firmware (libFuzzer with the address and undefined-behaviour sanitizers). */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  applicationSources,
  featureSources,
  gatewayFrameSources,
  runtimeSources,
  slotRecordSources,
} from "./build-firmware.ts";
import { createTestModel } from "./test-models.ts";
import { arithmeticFlags, firmwareFolder, hasProgram, runTool, warningFlags } from "./toolchain.ts";

/** `link`: the whole firmware behind its line. `slots`: what lies in a slot, the model's parser, engine and features. */
export type FuzzerName = "link" | "slots";

/** What a run printed at its end. */
export interface FuzzRun {
  readonly name: FuzzerName;
  readonly executions: number;
  readonly seconds: number;
  /** Edges of the code that were reached. */
  readonly coverage: number;
  /** Crashes, sanitizer reports, time-outs; 0 or 1, since a run ends at the first. */
  readonly failures: number;
  readonly report: string;
}

/** Is there a clang with its fuzzer's library (Debian: clang, libclang-rt-14-dev)? */
export function canBuildFuzzers(): boolean {
  if (!hasProgram("clang")) return false;
  const source =
    "#include <stddef.h>\nint LLVMFuzzerTestOneInput(const char *d, size_t n){(void)d;(void)n;return 0;}";
  return (
    spawnSync("clang", ["-fsanitize=fuzzer", "-x", "c", "-", "-o", "/dev/null"], { input: source }).status ===
    0
  );
}

/** Builds a fuzzer into `folder`, returns its path. @throws Error with the compiler's output. */
export function buildFuzzer(name: FuzzerName, folder: string): string {
  const source = firmwareFolder();
  const path = join(folder, `fuzz-${name}`);
  const files = [
    ...runtimeSources,
    ...featureSources,
    ...applicationSources,
    ...gatewayFrameSources,
    ...slotRecordSources,
    "host/fuzz_board.c",
  ];
  mkdirSync(folder, { recursive: true });
  runTool("clang", [
    ...warningFlags,
    ...arithmeticFlags,
    "-O1",
    "-g",
    "-fsanitize=fuzzer,address,undefined",
    "-fno-sanitize-recover=all",
    "-iquote",
    source,
    "-iquote",
    join(source, "host"),
    "-o",
    path,
    ...[...files, `host/fuzz_${name}.c`].map((file) => join(source, file)),
    "-lm",
  ]);
  return path;
}

export interface FuzzOptions {
  readonly name: FuzzerName;
  readonly program: string;
  readonly folder: string;
  readonly seconds: number;
}

/** Fuzzes for `seconds` from a generated corpus that `folder` keeps. */
export function runFuzzer(options: FuzzOptions): FuzzRun {
  const { name, program, folder, seconds } = options;
  const corpus = join(folder, `corpus-${name}`);
  mkdirSync(corpus, { recursive: true });
  for (const [index, seed] of createSeeds(name).entries()) writeFileSync(join(corpus, `seed-${index}`), seed);
  const run = spawnSync(
    program,
    [
      corpus,
      `-max_total_time=${seconds}`,
      "-max_len=7936",
      "-timeout=10",
      "-print_final_stats=1",
      `-artifact_prefix=${join(folder, `${name}-`)}`,
      "-rss_limit_mb=1024",
    ],
    { encoding: "utf8", maxBuffer: 1 << 28 },
  );
  const find = (pattern: RegExp): number => Number([...run.stderr.matchAll(pattern)].at(-1)?.[1] ?? 0);
  return {
    name,
    executions: find(/stat::number_of_executed_units: (\d+)/g),
    seconds,
    coverage: find(/cov: (\d+)/g),
    failures: run.status === 0 ? 0 : 1,
    report: run.status === 0 ? "" : run.stderr.slice(-4000),
  };
}

const seedModels = [createTestModel("1.0.0", 1, [4, 4, 2]), createTestModel("1.0.0", 2, [21, 8, 3])];

/** Whole models for the slots; for the link every kind of step, with the fields of a push. */
function createSeeds(name: FuzzerName): readonly Uint8Array[] {
  if (name === "slots") return [...seedModels.map(({ image }) => image.bytes), ...readModelsWithFeatures()];
  const step = (kind: number, argument: number, bytes: readonly number[]): number[] => [
    kind | (argument << 3),
    bytes.length,
    ...bytes,
  ];
  const chunk = [0x0d, 1, 0, 0, 0, 0x10, 0, 0x1a, 16, ...new Array<number>(16).fill(7)];
  const conversation = [
    ...step(4, 0, [16, 0, 1, 2, 1]),
    ...step(2, 10, chunk),
    ...step(2, 11, [0x0d, 1, 0, 0, 0]),
    ...step(2, 13, [0x0d, 1, 0, 0, 0, 0x10, 1, 0x1a, 2, 3, 4]),
    ...step(2, 12, [0x0d, 1, 0, 0, 0, 0x10, 1]),
    ...step(5, 31, new Array<number>(200).fill(0)),
    ...step(6, 0, []),
    ...step(2, 7, [0x08, 1, 0x10, 1]),
    ...step(3, 6, [0x08, 2, 0x15, 1, 0, 0, 0]),
    ...step(1, 1, [0x08, 1, 0x10, 1, 0x1a, 1, 65]),
    ...step(0, 0, [0, 2, 0x21, 1, 1, 0]),
  ];
  // A push as a whole, a probe, and the gateway's verdict; then another push, left to its deadline.
  const tiny = [...createTestModel("1.0.0", 3, [1, 1]).image.bytes];
  const probe = step(2, 13, [0x0d, 1, 0, 0, 0, 0x10, 1, 0x1a, 1, 3]);
  const verdict = (outcome: number): number[] => step(2, 12, [0x0d, 1, 0, 0, 0, 0x10, outcome]);
  const wait = Array.from({ length: 10 }, () => step(5, 31, new Array<number>(200).fill(0))).flat();
  const pushes = [...step(4, 1, tiny), ...probe, ...verdict(1), ...step(6, 0, []), ...step(4, 1, tiny)];
  return [
    Uint8Array.from(conversation),
    Uint8Array.from(pushes),
    Uint8Array.from([...step(4, 1, tiny), ...verdict(2), ...step(4, 1, tiny), ...wait]),
  ];
}

/** The models that are shipped: they hold feature sections. */
function readModelsWithFeatures(): readonly Uint8Array[] {
  const models = join(firmwareFolder(), "..", "..", "models");
  return readdirSync(models, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("model.mcu.bin"))
    .map((path) => readFileSync(join(models, path)));
}
