import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { compiledRoot } from "../../../support/compiled.ts";

/** What a daemon warns of at its start while the clock says `nowMs`; it is asked to stop at once. */
async function startAt(nowMs: number): Promise<string> {
  const module = join(compiledRoot(), "dist", "src", "core", "platform", "daemon", "run-daemon.js");
  const code = `Date.now = () => ${nowMs};
    const { runDaemon } = await import(${JSON.stringify(pathToFileURL(module).href)});
    const quiet = () => {};
    const logger = { debug: quiet, info: quiet, error: quiet, warn: (words) => console.log(words), child: () => logger };
    const work = setInterval(quiet, 1000);
    setImmediate(() => process.kill(process.pid, "SIGTERM"));
    await runDaemon({ httpUrl: "", mqttUrl: "", close: async () => clearInterval(work) }, logger);`;
  const args = ["--input-type=module", "-e", code];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}

test("a daemon that starts by a clock of 1970 or 2038 says so, and by a right one nothing", async () => {
  const [past, future, right] = await Promise.all([60_000, 2 ** 31 * 1000, Date.now()].map(startAt));
  expect(past).toMatch(/^this machine's clock is behind/);
  expect(future).toMatch(/^this machine's clock is ahead/);
  expect(right).toBe("");
});
