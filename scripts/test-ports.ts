/**
 * `npm run test:ports [-- --json] [--quick]`: whether the firmware is the same on every compiler and core. Each of them
 * compiles every source without a warning and gives, where QEMU runs it, the bytes that this machine gives, features
 * included; also when the flags of the arithmetic are forgotten, or others loosen it, unless that is refused; CMake builds it; the
 * RISC-V boards, and this machine's built for AArch64, are pushed models and lose their power. Ends with one JSON object `{cases, violations, figures}`; 1 if
 * anything was violated. What cannot be tried here is skipped by name.
 */
import { join } from "node:path";
import { createRandom } from "../src/core/maths/random.ts";
import { createCoreCases } from "./mcu/core-cases.ts";
import { createGoldenCase, createRandomCases } from "./mcu/cpu-cases.ts";
import { cutUpdates } from "./mcu/cut-updates.ts";
import { createRequantiseCases } from "./mcu/requantise-cases.ts";
import { readShippedModels } from "./mcu/shipped-models.ts";
import { arithmeticFlags } from "./mcu/toolchain.ts";
import { type BoardKind, buildBoardProgram, findMissingForBoard } from "./mcu/virtual-board.ts";
import { buildArm64Host, findMissingForArm64Host } from "./ports/arm64-host-board.ts";
import { buildByCMake, cmakeBuilds } from "./ports/cmake-builds.ts";
import { compileLibrary, type PortFlags, runCheck } from "./ports/port-build.ts";
import { type PortTarget, portTargets, referenceTarget } from "./ports/port-targets.ts";
import { saySkipped } from "./say-skipped.ts";
import { createScratchFolder } from "./scratch-folder.ts";
import { createSay, jsonOption, readOptions } from "./suite-options.ts";

/** What one compiler did for one core. */
interface PortFigures {
  /** Compilations of the whole library, and sources of them with a warning. */
  readonly builds: number;
  readonly warnings: readonly string[];
  /** Runs of the check program, and bytes of them that differ from this machine's. */
  readonly runs: number;
  readonly bytes: number;
  readonly differing: number;
  readonly seconds: number;
}

const {
  values: { json, quick },
} = readOptions({
  command: "npm run test:ports",
  does: "Whether the firmware is the same on every compiler and core.",
  options: {
    json: jsonOption,
    quick: { type: "boolean", default: false, means: "fewer levels of the compilers, and fewer cases" },
  },
});
const say = createSay({ json });
const scratch = createScratchFolder("ports");
const skipped: Record<string, string> = {};
const figures: Record<string, PortFigures> = {};
let cases = 0;
let violations = 0;

const levels: readonly PortFlags["level"][] = quick ? ["-O2"] : ["-O2", "-Os", "-O3", "-O0"];
/** As the README says; without any, where the language lets the compiler fuse; and with fusing asked for. */
const arithmetics: readonly (readonly string[])[] = [
  arithmeticFlags,
  ["-std=gnu11"],
  ["-std=c11", "-ffp-contract=on"],
];
/** Of cores that can fuse, those on which the quick form tries the second too. */
const quickUnflagged = ["gcc aarch64", "clang aarch64", "gcc cortex-m33", "clang rv32imafc"];
const models = await readShippedModels();
const random = createRandomCases(20_261_121, quick ? 1_600 : 16_000);
const corners = createRequantiseCases(createRandom(9), quick ? 5_000 : 50_000);
const all = [...models.map(createGoldenCase), ...random];
const large = createCoreCases({
  cases: all,
  corners,
  models,
  maxWindows: quick ? 1 : 8,
  maxModelBytes: 65_536,
});
const small = createCoreCases({ cases: all, corners, models: [], maxModelBytes: 8192 });

/** What this machine gives, by the size of the core. */
async function runReference(): Promise<{ readonly large: Uint8Array; readonly small: Uint8Array }> {
  const flags = { level: "-O2", flags: ["-std=c11", ...arithmeticFlags] } as const;
  const give = async (isSmall: boolean): Promise<Uint8Array> =>
    runCheck(
      { ...referenceTarget, isSmall },
      { ...flags, folder: join(scratch.path, `reference-${isSmall}`) },
      (isSmall ? small : large).input,
    );
  const outputs = { large: await give(false), small: await give(true) };
  for (const [judged, output] of [
    [large, outputs.large],
    [small, outputs.small],
  ] as const) {
    const counted = judged.count(output);
    cases += counted.cases;
    violations += counted.violations;
    say(`reference: ${counted.cases} cases, ${counted.violations} violations, ${output.length} bytes`);
  }
  return outputs;
}

async function tryTarget(target: PortTarget, reference: Uint8Array): Promise<void> {
  const place = join(scratch.path, target.name.replaceAll(" ", "-"));
  const before = performance.now();
  const warnings: string[] = [];
  const { input } = target.isSmall ? small : large;
  let [runs, bytes, differing] = [0, 0, 0];
  for (const [number, flags] of arithmetics.entries()) {
    if (quick && number > (quickUnflagged.includes(target.name) ? 1 : 0)) break;
    for (const level of number === 0 ? levels : (["-O2"] as const)) {
      const options = { level, flags, folder: join(place, `${number}${level}`) };
      if (number === 0) warnings.push(...(await compileLibrary(target, options)));
      const output = await runCheck(target, options, input);
      runs++;
      bytes += output.length;
      differing += countDiffering(output, reference);
    }
  }
  const seconds = Math.round((performance.now() - before) / 100) / 10;
  figures[target.name] = { builds: levels.length, warnings, runs, bytes, differing, seconds };
  cases += levels.length + runs;
  violations += warnings.length + differing;
  say(
    `${target.name.padEnd(36)} ${warnings.length} warnings, ${differing} of ${bytes} bytes differ, ${seconds} s ${warnings.join("; ")}`,
  );
}

function countDiffering(output: Uint8Array, reference: Uint8Array): number {
  let differing = Math.abs(output.length - reference.length);
  for (let at = 0; at < Math.min(output.length, reference.length); at++) {
    if (output[at] !== reference[at]) differing++;
  }
  return differing;
}

/** What loosens the arithmetic: nothing may be scored otherwise with any of them. */
const looseFlags: readonly string[] = [
  "-ffp-contract=fast",
  "-ffast-math",
  "-Ofast",
  "-funsafe-math-optimizations",
  "-fassociative-math -fno-signed-zeros -fno-trapping-math",
  "-freciprocal-math",
  "-fno-signed-zeros",
  "-ffinite-math-only",
  "-fexcess-precision=fast",
  "-fsingle-precision-constant",
  "-frounding-math",
  "-mfpmath=387",
  "-DAURORA_NO_CONTRACTION",
];
const looseTargets = quick
  ? ["gcc x64", "clang aarch64"]
  : portTargets.filter(({ isSmall }) => !isSmall).map(({ name }) => name);

/** With each such flag the compilation stops at the line that says why, the model does not open, or every byte is the same. */
async function tryLooseFlags(reference: Uint8Array): Promise<void> {
  const bare = createCoreCases({ cases: [], corners: [], models, maxWindows: 0, maxModelBytes: 65_536 });
  for (const target of portTargets.filter(
    ({ name, missing }) => looseTargets.includes(name) && !missing[0],
  )) {
    for (const flag of looseFlags) {
      const folder = join(scratch.path, `loose-${target.name}${flag}`.replaceAll(" ", ""));
      const flags = ["-std=c11", "-fno-math-errno", ...flag.split(" ")];
      const options = { level: "-O2", flags, folder } as const;
      let verdict: string;
      try {
        const opened = new Uint32Array(Uint8Array.from(await runCheck(target, options, bare.input)).buffer);
        if (opened.length > 0 && opened.every((fault) => fault === 7)) verdict = "refused when it is opened";
        else verdict = differs(await runCheck(target, options, large.input), reference);
      } catch (error) {
        verdict = String(error);
      }
      const isStopped = /#?error:? "?(Compile without|float32 must be)/.test(verdict);
      const isUnknown = /unrecognized|unknown|unsupported|not supported/.test(verdict);
      const isSafe = isStopped || isUnknown || /^(refused|the same)/.test(verdict);
      const words = isStopped ? "stops" : isUnknown ? "is not known to the compiler" : verdict;
      expectThat(isSafe, `${target.name} ${flag}: ${words}`);
    }
  }
}

function differs(output: Uint8Array, reference: Uint8Array): string {
  const differing = countDiffering(output, reference);
  return differing === 0 ? "the same bytes" : `${differing} bytes differ`;
}

/** A board that models are pushed to. */
interface BoardCase {
  readonly name: string;
  readonly kind: BoardKind;
  readonly missing: readonly string[];
  /** Builds its program into a folder; returns the path. */
  build(folder: string): string;
}

/** Pushes of models with power cuts in between, to boards that `test:mcu` has too and to this machine's built for another. */
async function tryBoards(): Promise<void> {
  const folder = scratch.path;
  const boards: BoardCase[] = [
    { name: "host on AArch64", kind: "host", missing: findMissingForArm64Host(), build: buildArm64Host },
  ];
  for (const kind of ["rv32imac", "rv32imafc"] as const) {
    const missing = findMissingForBoard(kind, "tcp");
    boards.push({ name: kind, kind, missing, build: (into) => buildBoardProgram(kind, into) });
  }
  for (const { name, kind, missing, build } of boards) {
    if (missing.length > 0) {
      skipped[`board ${name}`] = missing.join(", ");
      continue;
    }
    const counts = await cutUpdates({
      kind,
      program: build(folder),
      folder,
      line: "tcp",
      stride: quick ? 60 : 7,
    });
    cases += counts.cuts;
    expectThat(
      counts.violations.length === 0,
      `pushes to ${name}: ${counts.cuts} cuts at ${counts.operations} flash operations ${counts.violations.join("; ")}`,
    );
  }
}

function expectThat(isSo: boolean, what: string): void {
  cases++;
  if (!isSo) violations++;
  say(`${isSo ? "ok" : "VIOLATED"}: ${what}`);
}

try {
  const reference = await runReference();
  const waiting = portTargets.filter(({ name, missing }) => {
    if (missing.length > 0) skipped[name] = missing.join(", ");
    return missing.length === 0;
  });
  // Two at once, as many as the smallest machine has cores.
  const work = async (): Promise<void> => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      await tryTarget(target, target.isSmall ? reference.small : reference.large);
    }
  };
  await Promise.all([work(), work()]);
  await tryLooseFlags(reference.large);
  for (const build of cmakeBuilds) {
    const missing = build.missing();
    if (missing.length > 0) skipped[`cmake ${build.name}`] = missing.join(", ");
    else expectThat(await buildByCMake(build, join(scratch.path, "cmake")), `cmake builds ${build.name}`);
  }
  await tryBoards();
} finally {
  scratch.remove();
}
for (const [name, why] of Object.entries(skipped)) saySkipped(name, `needs ${why}`);
if (json) process.stdout.write(`${JSON.stringify({ cases, violations, figures, skipped })}\n`);
else say(`${cases} cases, ${violations} violations`);
process.exitCode = violations === 0 ? 0 : 1;
