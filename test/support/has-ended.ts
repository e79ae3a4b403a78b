import type { ChildProcess } from "node:child_process";

/** Has it exited, or was it killed? Then no event "exit" will come. */
export function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
