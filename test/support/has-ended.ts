import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Has it exited, or was it killed? Then no event "exit" will come. */
export function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Sends it a signal that ends it; resolves when it is gone. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}
