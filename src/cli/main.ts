#!/usr/bin/env -S node --max-semi-space-size=2
/** The `aurora` command as a process: ends it with the command's exit code. */
import { setFlagsFromString } from "node:v8";
import { runCommand } from "./run-command.ts";
import { endAtClosedPipe, endProcess } from "./terminal/end-process.ts";

// What a gateway allocates dies young, and what lives on hardly grows: its heap is kept close to that, and without gaps. Said
// before the gateway is loaded; why and what it costs: ADR 58.
if (process.argv[2] === "gateway") {
  for (const flag of ["--optimize-for-size", "--compact-on-every-full-gc"]) setFlagsFromString(flag);
}
endAtClosedPipe();
const exitCode = await runCommand(process.argv);
await endProcess(exitCode);
