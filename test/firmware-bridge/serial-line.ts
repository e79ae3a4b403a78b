/** Two pseudo terminals joined as a serial line, and pulled as an adapter is: its names go first, then the line. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";

/** Is there a python3 that knows terminals? Without one, tests of serial lines are skipped. */
export const hasTerminals: boolean = spawnSync("python3", ["-c", "import pty, tty"]).status === 0;

const helper = new URL("pty-pair.py", import.meta.url).pathname;

export interface SerialLine {
  /**
   * Takes the line away, once. The system gives the number of a terminal that was closed to whoever opens the next one:
   * a name that still led there would lead to the line of another test.
   */
  pull(): Promise<void>;
}

/** Joins two pseudo terminals under stable names, as `/dev/serial/by-id` would give. */
export async function joinTerminals(first: string, second: string): Promise<SerialLine> {
  const child = endWithProcess(
    spawn("python3", [helper, first, second], { stdio: ["ignore", "pipe", "inherit"] }),
  );
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  let pulled: Promise<unknown> | undefined;
  return {
    pull: async () => {
      if (pulled === undefined) {
        for (const path of [first, second]) rmSync(path, { force: true });
        child.kill("SIGKILL");
        pulled = exited;
      }
      await pulled;
    },
  };
}
