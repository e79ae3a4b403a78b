import { fork } from "node:child_process";
import { createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ChildDaemon, watchDaemon } from "../../../src/cli/demo/child-daemon.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { waitsForNobody } from "../../support/waits-for-nobody.ts";

interface Watched extends ChildDaemon {
  readonly logFile: string;
  /** Ends the log, and resolves with what went wrong with it. */
  closeLog(): Promise<Error | null>;
}

/** A process that has ended while one that it started still writes to its stdout, every 20 ms for `durationMs`. */
async function watchTalkative(durationMs: number): Promise<Watched> {
  const folder = createTemporaryFolder();
  const script = join(folder, "child.mjs");
  const rest = `process.send("started");
    process.disconnect();
    const said = setInterval(() => console.log("late"), 20);
    setTimeout(() => { clearInterval(said); console.log("last"); }, ${durationMs});
    process.stdout.on("error", () => process.exit());`;
  writeFileSync(
    script,
    `import { spawn } from "node:child_process";
    const stdio = ["ignore", "inherit", "inherit", "ipc"];
    const rest = spawn(process.execPath, ["-e", ${JSON.stringify(rest)}], { stdio });
    rest.once("message", () => process.exit(0));`,
  );
  const child = fork(script, [], { execArgv: [], stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const logFile = join(folder, "log");
  const log = createWriteStream(logFile);
  let failure: Error | null = null;
  log.on("error", (error) => {
    failure = error;
  });
  const daemon = watchDaemon(child, {
    args: ["talkative"],
    readyTimeoutMs: 20_000,
    onLog: (chunk) => log.write(chunk),
  });
  await until(() => child.exitCode !== null, "its exit");
  const closeLog = async (): Promise<Error | null> => {
    await new Promise((resolve) => log.end(resolve));
    await new Promise((resolve) => setTimeout(resolve, 100));
    return failure;
  };
  return { ...daemon, logFile, closeLog };
}

describe("a daemon that has exited while its stdout still holds data", () => {
  it("has stopped only when that was read, so that its log can be closed", async () => {
    const { stop, closeLog, logFile, ended } = await watchTalkative(100);
    await stop(60_000);
    expect(await closeLog()).toBeNull();
    expect(readFileSync(logFile, "utf8")).toMatch(/last\n$/);
    expect(await ended).toMatch(/^exit code 0\n[\s\S]*last$/);
  });

  it("is not waited for when another process keeps its stdout open", async () => {
    const { stop, closeLog } = await watchTalkative(20_000);
    await waitsForNobody(stop(1000));
    expect(await closeLog()).toBeNull();
  });
});
