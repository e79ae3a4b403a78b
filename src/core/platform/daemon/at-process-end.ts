/**
 * What a command, a script or a test owns ends with its process: by itself, by an error, or by SIGINT, SIGTERM or
 * SIGHUP. SIGKILL leaves no time for anything, and a signal that comes while a program is run to its end is heard after
 * it. Not for a daemon, which closes what it holds in order (`run-daemon.ts`): the signal ends the process at once.
 */
import type { ChildProcess } from "node:child_process";

const tasks = new Set<() => void>();
const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Calls `task`, which must not wait, when the process ends; last come, first served. Returns a way to do it now instead, once. */
export function atProcessEnd(task: () => void): () => void {
  if (tasks.size === 0) listen();
  const now = (): void => {
    if (tasks.delete(now)) task();
  };
  tasks.add(now);
  return now;
}

/** Kills a child that still runs when the process ends. Returns the child. */
export function endWithProcess<T extends ChildProcess>(child: T): T {
  const kill = atProcessEnd(() => child.kill("SIGKILL"));
  child.once("exit", kill);
  return child;
}

let listening = false;

function listen(): void {
  if (listening) return;
  listening = true;
  process.once("exit", () => {
    for (const task of [...tasks].reverse()) {
      try {
        task();
      } catch (error) {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      }
    }
  });
  // The status that a shell gives a program which the signal ended.
  for (const [signal, number] of Object.entries(signals))
    process.once(signal, () => process.exit(128 + number));
}
