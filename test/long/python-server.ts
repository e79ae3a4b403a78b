/** Servers of the field that others have written, in Python: where a module is not installed, its tests are skipped by name. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** Debian's first, which has Debian's packages; then whichever is in the path. */
const interpreters = ["/usr/bin/python3", "python3"];

/** The interpreter that has `module`; undefined where none has. */
export function findPython(module: string): string | undefined {
  return interpreters.find((each) => spawnSync(each, ["-c", `import ${module}`]).status === 0);
}

export interface PythonServer {
  /** Sends a line, and resolves with the line that answers it. */
  ask(order: unknown): Promise<string>;
  /** Ends it at once. */
  kill(): Promise<void>;
}

/** Starts a script of this folder. */
export function startPythonServer(python: string, script: string, args: readonly string[]): PythonServer {
  const server = spawn(python, [join(import.meta.dirname, script), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: server.stdout });
  const exited = once(server, "exit");
  const kill = async (): Promise<void> => {
    server.kill("SIGKILL");
    await exited;
  };
  onTestFinished(kill);
  return {
    ask: async (order) => {
      const answer = Promise.race([once(lines, "line"), exited.then(() => ["gone"])]);
      server.stdin.write(`${JSON.stringify(order)}\n`);
      return String((await answer)[0]);
    },
    kill,
  };
}
