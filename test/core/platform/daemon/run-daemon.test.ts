import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { endWithProcess } from "../../../../src/core/platform/daemon/at-process-end.ts";
import { compiledRoot } from "../../../support/compiled.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { until } from "../../../support/until.ts";

/** A program that has `runDaemon`, `work` that keeps it alive, and `close`. */
function programOf(body: string): string {
  const module = join(compiledRoot(), "dist", "src", "core", "platform", "daemon", "run-daemon.js");
  return `const { runDaemon } = await import(${JSON.stringify(pathToFileURL(module).href)});
    const quiet = () => {};
    const silent = { debug: quiet, info: quiet, error: quiet, warn: quiet, child: () => silent };
    const work = setInterval(quiet, 1000);
    const close = async () => clearInterval(work);
    ${body}`;
}

/** Runs `body` (see {@link programOf}) in a process of its own; resolves with its stdout. */
async function runAlone(body: string): Promise<string> {
  const args = ["--input-type=module", "-e", programOf(body)];
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

/** What a daemon says of which another start has more, and how it ends; it is asked to stop as soon as it is not ready any more, or stays so. */
function runOutdated(
  environment: Readonly<Record<string, string>>,
): Promise<readonly [string, number | null]> {
  const body = `const say = (words, { reason = "" } = {}) => console.log(words, reason);
    const outdated = Promise.resolve("more to take up");
    if (process.env.NOTIFY_SOCKET === undefined) setTimeout(() => process.kill(process.pid, "SIGTERM"), 100);
    const asked = async () => {
      process.kill(process.pid, "SIGTERM");
      await close();
    };
    await runDaemon({ httpUrl: "", mqttUrl: "", outdated, close: asked }, { ...silent, info: say, warn: (words, told) => words === "stopping" && say("told", told) });`;
  const { NOTIFY_SOCKET: _, ...env } = process.env;
  const child = endWithProcess(
    spawn(process.execPath, ["--input-type=module", "-e", programOf(body)], {
      env: { ...env, ...environment },
    }),
  );
  let said = "";
  child.stdout!.on("data", (piece: Buffer) => {
    said += piece.toString();
  });
  return new Promise((resolve) => child.on("close", (code) => resolve([said, code])));
}

test("a daemon of which another start has more ends in order, as failed, where a service manager starts it again; elsewhere it goes on", async () => {
  expect(await runOutdated({ NOTIFY_SOCKET: "/nowhere" })).toEqual([
    "ready \ntold more to take up\nstopped \n",
    1,
  ]);
  expect(await runOutdated({})).toEqual(["ready \nstopping SIGTERM\nstopped \n", 0]);
});

test("a daemon whose disk hangs is left behind, and says by name what it waits for", async () => {
  const closing = join(compiledRoot(), "dist", "src", "core", "platform", "daemon", "closing.js");
  // Nobody reads the pipe: what opens it to write waits in a thread of Node's for ever, as on a disk that hangs.
  const pipe = join(createTemporaryFolder(), "disk");
  await promisify(execFile)("mkfifo", [pipe]);
  const body = `const { openWhole } = await import(${JSON.stringify(pathToFileURL(closing).href)});
    const { writeFile } = await import("node:fs/promises");
    const { closeAll, unclosed } = await openWhole(silent, async (closers) => {
      closers.add("store", close);
      closers.add("uplink", () => writeFile(${JSON.stringify(pipe)}, "last words"));
      closers.add("ticker", quiet);
      return closers;
    });
    process.on("exit", (code) => console.log("exit", code));
    const error = (words, told) => console.log(words, JSON.stringify(told));
    setImmediate(() => process.kill(process.pid, "SIGTERM"));
    await runDaemon({ httpUrl: "", mqttUrl: "", close: closeAll, unclosed }, { ...silent, error }, 300);`;
  const args = ["--input-type=module", "-e", programOf(body)];
  const ended = promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  await expect(ended).rejects.toMatchObject({
    killed: false,
    stdout: 'did not stop in time {"maxStopMs":300,"waitingFor":"uplink, store"}\nexit 1\n',
  });
});

test("what a daemon leaves behind when it has closed does not keep its process", async () => {
  const said = await runAlone(`setImmediate(() => process.kill(process.pid, "SIGTERM"));
    await runDaemon({ httpUrl: "", mqttUrl: "", close: quiet }, { ...silent, info: (words) => console.log(words) });`);
  expect(said).toContain("stopped");
});

const script = "/usr/bin/script";

test.skipIf(!existsSync(script))(
  "a daemon whose terminal is closed stops in order, with status 0",
  async () => {
    const folder = createTemporaryFolder();
    const at = (name: string): string => join(folder, name);
    const body = `const { writeFileSync } = await import("node:fs");
    const info = (words) => writeFileSync(words, "");
    await runDaemon({ httpUrl: "", mqttUrl: "", close }, { ...silent, info });`;
    writeFileSync(at("daemon.mjs"), programOf(body));
    // The shell outlives the terminal, to hand the signal on, which may come twice, and to tell how the daemon ended.
    const command = `trap 'kill -HUP $daemon' HUP; '${process.execPath}' daemon.mjs & daemon=$!
    while kill -0 $daemon; do wait $daemon; code=$?; done; echo $code > ending; mv ending end`;
    const terminal = endWithProcess(
      spawn(script, ["-qc", command, "/dev/null"], { cwd: folder, stdio: ["pipe", "ignore", "ignore"] }),
    );
    await until(() => existsSync(at("ready")), "the daemon is ready");
    terminal.kill("SIGKILL");
    await until(() => existsSync(at("end")), "the daemon has ended");
    expect(existsSync(at("stopped"))).toBe(true);
    expect(readFileSync(at("end"), "utf8")).toBe("0\n");
  },
);
