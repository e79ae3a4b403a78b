/**
 * `npm run test:mcu [-- --json] [--full]`: the firmware against everything that can go wrong around it. A hostile line and a hostile
 * carrier of messages, power cuts at every flash operation on this machine and at a stride on emulated Cortex-M3, M4, M7 and RISC-V
 * with the gateway's own push through a pseudo terminal, and coverage-guided fuzzing. Ends with one JSON object; 1 if anything was
 * violated. What cannot be run is skipped by name.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildHostProgram } from "./mcu/build-firmware.ts";
import { buildFuzzer, canBuildFuzzers, type FuzzerName, runFuzzer } from "./mcu/build-fuzzer.ts";
import { cutUpdates } from "./mcu/cut-updates.ts";
import { createTestModel } from "./mcu/test-models.ts";
import { type BoardKind, buildBoardProgram, findMissingForBoard } from "./mcu/virtual-board.ts";
import { saySkipped } from "./say-skipped.ts";
import { createScratchFolder } from "./scratch-folder.ts";
import { createSay, jsonOption, readOptions } from "./suite-options.ts";

/** A fuzzer that does less hardly ran, or did not get past the first checks; the slowest machine did 46 a second, at low priority, and every one 398 edges. */
const [leastExecutionsASecond, leastFuzzCoverage] = [20, 200];
const {
  values: { json, full },
} = readOptions({
  command: "npm run test:mcu",
  does: "The firmware against a hostile line, power cuts and fuzzing.",
  options: {
    json: jsonOption,
    full: {
      type: "boolean",
      default: false,
      means: "second cuts at every operation, ten minutes of every fuzzer",
    },
  },
});
const scratch = createScratchFolder("test-mcu");
const folder = scratch.path;
const say = createSay({ json });
const skipped: string[] = [];
let violations = 0;

/** Runs a program of this machine that prints one JSON object. */
function runProgram(path: string, args: readonly string[]): Record<string, number> {
  const run = spawnSync(path, args, { encoding: "utf8", maxBuffer: 1 << 26 });
  if (run.status !== 0) {
    violations++;
    say(`${path} ended with ${String(run.status)}: ${run.stderr}`);
  }
  return JSON.parse(run.stdout) as Record<string, number>;
}

function measureHostileLine(
  what: string,
  program: "hostile-link" | "hostile-messages",
): Record<string, number> | null {
  if (findMissingForBoard("host", "tcp").length > 0) return skip(what, "a C compiler");
  const counts = runProgram(buildHostProgram(program, folder), [full ? "3600" : "300"]);
  say(`${what}: ${counts.delivered} packets delivered, ${counts.violations} violations`);
  return counts;
}

function cutSlots(): Record<string, number> | null {
  if (findMissingForBoard("host", "tcp").length > 0) return skip("power cuts", "a C compiler");
  const [old, next] = ["1.0.0", "1.0.1"].map((version, index) => {
    const path = join(folder, `${version}.bin`);
    writeFileSync(path, createTestModel(version, index + 1).image.bytes);
    return path;
  });
  const counts = runProgram(buildHostProgram("power-cut", folder), [old!, next!, "1", full ? "1" : "11"]);
  say(
    `power cuts: ${counts.cuts} at ${counts.operations} flash operations torn in ${counts.tears} ways, ` +
      `and ${counts.doubleCuts} second cuts: ${counts.bootedNone} without a model, ${counts.violations} violations`,
  );
  return counts;
}

async function cutBoards(): Promise<readonly object[]> {
  const results = [];
  for (const kind of ["host", "m3", "m4", "m7", "rv32imac", "rv32imafc"] satisfies BoardKind[]) {
    // The cores' lines end in a pseudo terminal, which `serialport` opens as it does a real one.
    const line = kind === "host" ? "tcp" : "serial";
    const missing = findMissingForBoard(kind, line);
    if (missing.length > 0) {
      skip(`pushes to ${kind}`, missing.join(", "));
      continue;
    }
    const stride = kind === "host" ? 1 : 7;
    const counts = await cutUpdates({ kind, program: buildBoardProgram(kind, folder), folder, stride, line });
    violations += counts.violations.length;
    say(
      `pushes to ${kind} (${line}): ${counts.cuts} cuts at ${counts.operations} flash operations, ${counts.bootedOld} starts ` +
        `with the old model and ${counts.bootedNew} with the new, ${counts.resumed} resumed, ` +
        `${counts.violations.length} violations ${counts.violations.join("; ")}`,
    );
    results.push(counts);
  }
  return results;
}

function fuzz(): readonly object[] {
  if (!canBuildFuzzers()) {
    skip("fuzzing", "clang and libclang-rt-14-dev");
    return [];
  }
  return (["link", "slots"] satisfies FuzzerName[]).map((name) => {
    const run = runFuzzer({ name, program: buildFuzzer(name, folder), folder, seconds: full ? 600 : 15 });
    const isThin = run.executions < leastExecutionsASecond * run.seconds || run.coverage < leastFuzzCoverage;
    violations += run.failures + (isThin ? 1 : 0);
    say(
      `fuzzing ${name}: ${run.executions} inputs in ${run.seconds} s, ${run.coverage} edges, ${run.failures} failures${isThin ? ": TOO FEW to have shown anything" : ""}`,
    );
    if (run.failures > 0) say(run.report);
    return run;
  });
}

function skip(what: string, missing: string): null {
  skipped.push(`${what}: ${missing}`);
  saySkipped(what, `missing ${missing}`);
  return null;
}

try {
  const report = {
    hostileLink: measureHostileLine("hostile line", "hostile-link"),
    hostileMessages: measureHostileLine("hostile carrier of messages", "hostile-messages"),
    powerCuts: cutSlots(),
    pushes: await cutBoards(),
    fuzzing: fuzz(),
    skipped,
    violations,
  };
  report.violations = violations;
  if (json) process.stdout.write(JSON.stringify(report) + "\n");
} finally {
  scratch.remove();
}
process.exitCode = violations === 0 ? 0 : 1;
