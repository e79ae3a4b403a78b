import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { compiledRoot } from "../../../support/compiled.ts";

/** Runs `body` in a process of its own, which has `runDaemon`, `work` that keeps it alive, and `close`; resolves with its stdout. */
async function runAlone(body: string): Promise<string> {
  const module = join(compiledRoot(), "dist", "src", "core", "platform", "daemon", "run-daemon.js");
  const code = `const { runDaemon } = await import(${JSON.stringify(pathToFileURL(module).href)});
    const quiet = () => {};
    const silent = { debug: quiet, info: quiet, error: quiet, warn: quiet, child: () => silent };
    const work = setInterval(quiet, 1000);
    const close = async () => clearInterval(work);
    ${body}`;
  const args = ["--input-type=module", "-e", code];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}

/** What a daemon warns of at its start while the clock says `nowMs`; it is asked to stop at once. */
function startAt(nowMs: number): Promise<string> {
  return runAlone(`Date.now = () => ${nowMs};
    setImmediate(() => process.kill(process.pid, "SIGTERM"));
    await runDaemon({ httpUrl: "", mqttUrl: "", close }, { ...silent, warn: (words) => console.log(words) });`);
}

test("a daemon that starts by a clock of 1970 or 2038 says so, and by a right one nothing", async () => {
  const [past, future, right] = await Promise.all([60_000, 2 ** 31 * 1000, Date.now()].map(startAt));
  expect(past).toMatch(/^this machine's clock is behind/);
  expect(future).toMatch(/^this machine's clock is ahead/);
  expect(right).toBe("");
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"])(
  "%s stops a daemon in order, says so, and comes in vain while it stops",
  async (signal) => {
    const said = await runAlone(`const again = () => process.kill(process.pid, "${signal}");
    setImmediate(again);
    const slowClose = async () => {
      again();
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log("closed");
      await close();
    };
    const info = (words, { reason = "" } = {}) => console.log(words, reason);
    await runDaemon({ httpUrl: "", mqttUrl: "", close: slowClose }, { ...silent, info });`);
    expect(said.split("\n")).toEqual(["ready ", `stopping ${signal}`, "closed", "stopped ", ""]);
  },
);
