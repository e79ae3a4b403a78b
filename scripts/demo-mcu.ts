/**
 * `npm run demo:mcu -- [--board m3|m4|m7|host] [--line serial|tcp] [--json]`: the firmware on a virtual board infers a
 * fault, the gateway raises the alert, the collector ships another bundle, the gateway pushes it to the board, and the
 * next score carries its version. Without QEMU it says which Debian packages are missing and takes the host build.
 */
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runMcuDemo } from "./mcu/run-demo.ts";
import { type BoardKind, buildBoardProgram, findMissingForBoard } from "./mcu/virtual-board.ts";
import { saySkipped } from "./say-skipped.ts";
import { createScratchFolder } from "./scratch-folder.ts";
import { readOneOf, readOptions, refuseWrong } from "./suite-options.ts";

const { values } = readOptions({
  command: "npm run demo:mcu",
  does: "The firmware on a virtual board infers a fault, and is given another bundle.",
  options: {
    board: { type: "string", default: "m4", value: "NAME", means: "m3, m4, m7 or host (m4)" },
    line: { type: "string", default: "serial", value: "NAME", means: "serial or tcp (serial)" },
    json: { type: "boolean", default: false, means: "one line of JSON at its end" },
  },
});
const boards = ["m3", "m4", "m7", "host"] as const satisfies readonly BoardKind[];
const wanted: BoardKind = refuseWrong(() => readOneOf("board", values.board, boards));
const line = refuseWrong(() => readOneOf("line", values.line, ["serial", "tcp"] as const));
const startedMs = performance.now();
const say = (text: string): void => {
  process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
};
const missing = findMissingForBoard(wanted, line);
let kind: BoardKind = wanted;
if (missing.length > 0 && wanted !== "host") {
  saySkipped(
    `${wanted} in QEMU`,
    `missing ${missing.join(", ")} (apt-get install ${missing.join(" ")}); taking the host build`,
  );
  kind = "host";
}
const missingForHost = kind === "host" ? findMissingForBoard("host", line) : [];
if (missingForHost.length > 0) {
  process.stderr.write(`missing: ${missingForHost.join(", ")}\n`);
  process.exit(1);
}

const scratch = createScratchFolder("demo-mcu");
const folder = scratch.path;
try {
  await mkdir(join(folder, "build"));
  say(
    `building the firmware for ${kind === "host" ? "this machine" : `a Cortex-${kind.toUpperCase()} in QEMU`}`,
  );
  const program = buildBoardProgram(kind, join(folder, "build"));
  const keyFile = join(folder, "mcu.key");
  const key = randomBytes(32);
  await writeFile(keyFile, key.toString("hex"), { mode: 0o600 });
  const report = await runMcuDemo({ folder, kind, line, program, key: Uint8Array.from(key), keyFile, say });
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  const result = { board: kind, line, missing, ...report, seconds };
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = report.passed ? 0 : 1;
} finally {
  scratch.remove();
}
