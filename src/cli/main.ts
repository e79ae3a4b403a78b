#!/usr/bin/env -S node --max-semi-space-size=2 --max-inlined-bytecode-size-cumulative=460
/** The `aurora` command as a process: ends it with the command's exit code. */
import { runCommand } from "./run-command.ts";
import { endAtClosedPipe, endProcess, reportError } from "./terminal/end-process.ts";

endAtClosedPipe();
// A process ends when nothing keeps it: one whose answer is outstanding on a connection that nobody holds is not done yet.
const working = setInterval(() => undefined, 60_000);
const exitCode = await runCommand(process.argv).catch((error: unknown) => reportError(error));
clearInterval(working);
await endProcess(exitCode);
