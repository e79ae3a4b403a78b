#!/usr/bin/env -S node --max-semi-space-size=2 --max-inlined-bytecode-size-cumulative=460
/** The `aurora` command as a process: ends it with the command's exit code. */
import { describeOldNode } from "./old-node.ts";

const tooOld = describeOldNode(process.versions.node);
if (tooOld === null) await run();
else {
  process.stderr.write(`aurora: ${tooOld}\n`);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  // Loaded now: what an old Node cannot read would end it before it has said why.
  const { endAtClosedPipe, endProcess, reportError } = await import("./terminal/end-process.ts");
  const { runCommand } = await import("./run-command.ts");
  endAtClosedPipe();
  // A process ends when nothing keeps it: one whose answer is outstanding on a connection that nobody holds is not done yet.
  const working = setInterval(() => undefined, 60_000);
  const exitCode = await runCommand(process.argv).catch((error: unknown) => reportError(error));
  clearInterval(working);
  await endProcess(exitCode);
}
