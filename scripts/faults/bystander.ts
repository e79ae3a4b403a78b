/** An idle process that is asked beside a busy one: how long it lets one wait says how busy the machine and its disk are, and nothing else. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";

/** A bound on a wait is longer by so many times what an idle process took: no machine is a violation. */
export const hostShare = 4;

/** Asks servers the same over and over; gives the slowest answer of each, ms. */
export function watchAnswers(urls: readonly string[]): {
  ask(paths: readonly string[]): Promise<void>;
  stop(): Promise<readonly number[]>;
} {
  const slowest = urls.map(() => 0);
  let isOver = false;
  const askOne = async (index: number, path: string): Promise<void> => {
    const startedMs = performance.now();
    await (await fetch(urls[index]! + path)).text();
    slowest[index] = Math.max(slowest[index]!, Math.round(performance.now() - startedMs));
  };
  const askAll = async (paths: readonly string[]): Promise<void> => {
    for (const path of paths) await Promise.all(urls.map((_, index) => askOne(index, path)));
  };
  const watching = (async () => {
    while (!isOver) {
      await askAll(["/-/healthy"]);
      await delay(50);
    }
  })();
  watching.catch(() => {});
  return {
    ask: askAll,
    stop: async () => {
      isOver = true;
      await watching;
      return slowest;
    },
  };
}

/**
 * A server in a process of its own that does nothing but answer.
 * @param file written to and flushed before each answer, as what is measured beside it waits for the disk
 */
export async function startBystander(file: string): Promise<{ readonly url: string; end(): void }> {
  const program = `const { fsyncSync, openSync, writeSync } = require("node:fs");
    const file = openSync(process.argv[1], "w");
    const flush = () => { writeSync(file, "x".repeat(4096), 0); fsyncSync(file); };
    require("node:http").createServer((_, answer) => { flush(); answer.end("ok"); })
      .listen(0, "127.0.0.1", function () { process.stdout.write(String(this.address().port)); })`;
  const child: ChildProcess = endWithProcess(
    spawn(process.execPath, ["-e", program, file], { stdio: ["ignore", "pipe", "ignore"] }),
  );
  const [port] = (await once(child.stdout!, "data")) as [Buffer];
  return { url: `http://127.0.0.1:${port}`, end: () => void child.kill("SIGKILL") };
}
