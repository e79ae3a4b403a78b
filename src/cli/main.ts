#!/usr/bin/env -S node --max-semi-space-size=2 --max-inlined-bytecode-size-cumulative=460
/** The `aurora` command as a process: ends it with the command's exit code. */
import { runCommand } from "./run-command.ts";
import { endAtClosedPipe, endProcess } from "./terminal/end-process.ts";

endAtClosedPipe();
const exitCode = await runCommand(process.argv);
await endProcess(exitCode);
