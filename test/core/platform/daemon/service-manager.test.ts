/** What systemd hears of a daemon. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import {
  extendStart,
  findServiceManager,
  followWork,
  type ServiceState,
} from "../../../../src/core/platform/daemon/service-manager.ts";
import { createLogger } from "../../../../src/core/platform/logger.ts";

const logger = createLogger({ name: "test", level: "silent" });
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A `systemd-notify` that writes down what it is told, and the environment in which it is found. */
function writeDown(): { readonly environment: Record<string, string>; heard(): string } {
  const folder = mkdtempSync(join(tmpdir(), "aurora-notify-"));
  folders.push(folder);
  const said = join(folder, "said");
  writeFileSync(said, "");
  const program = join(folder, "systemd-notify");
  writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> "${said}"\n`);
  chmodSync(program, 0o755);
  const environment = {
    PATH: `${folder}:${process.env.PATH}`,
    NOTIFY_SOCKET: "/run/x",
    WATCHDOG_USEC: "30000000",
  };
  return { environment, heard: () => readFileSync(said, "utf8") };
}

test("the service manager is told by systemd-notify, on the socket that it named", async () => {
  const { environment, heard } = writeDown();
  const manager = findServiceManager(environment, { isForked: false, logger });
  expect(manager?.watchdogMs).toBe(30_000);
  await manager?.tell("READY=1");
  expect(heard()).toBe("/run/x READY=1\n");
});

test("nobody is told where systemd did not start the process, or started its parent", () => {
  const { environment } = writeDown();
  expect(findServiceManager({}, { isForked: false, logger })).toBeNull();
  expect(findServiceManager(environment, { isForked: true, logger })).toBeNull();
});

test("a missing systemd-notify does not stop the daemon", async () => {
  const environment = { PATH: "/nowhere", NOTIFY_SOCKET: "/run/x" };
  const manager = findServiceManager(environment, { isForked: false, logger });
  expect(manager?.watchdogMs).toBeNull();
  await expect(manager?.tell("READY=1")).resolves.toBeUndefined();
});

/** Lets everything that is ready to go on do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

test("a pulse follows each piece of work, and none comes while the work stands still", async () => {
  const told: ServiceState[] = [];
  let due: (() => void) | null = null;
  let finish: (() => void) | null = null;
  const tell = async (state: ServiceState): Promise<void> => {
    told.push(state);
  };
  const after = (delayMs: number, callback: () => void): (() => void) => {
    expect(delayMs).toBe(1000);
    due = callback;
    return () => {
      due = null;
    };
  };
  const nextWork = (): Promise<void> =>
    new Promise((resolve) => {
      finish = resolve;
    });
  const stop = followWork({ tell, watchdogMs: 4000 }, { nextWork, timers: { after } });
  await settle();
  expect([told, due]).toEqual([[], null]);
  finish!();
  await settle();
  expect(told).toEqual(["WATCHDOG=1"]);
  due!();
  await settle();
  expect(told).toHaveLength(1);
  finish!();
  await settle();
  expect(told).toHaveLength(2);
  stop();
  expect(due).toBeNull();
});

test("more time is asked for as long as a start takes, and no longer", async () => {
  const told: ServiceState[] = [];
  let due: (() => void) | null = null;
  let finish: ((value: string) => void) | null = null;
  const manager = { tell: async (state: ServiceState) => void told.push(state) };
  const after = (delayMs: number, callback: () => void): (() => void) => {
    expect(delayMs).toBe(30_000);
    due = callback;
    return () => {
      due = null;
    };
  };
  const work = (): Promise<string> =>
    new Promise((resolve) => {
      finish = resolve;
    });
  const started = extendStart(work, { manager, timers: { after } });
  expect(told).toEqual([]);
  due!();
  due!();
  expect(told).toEqual(["EXTEND_TIMEOUT_USEC=120000000", "EXTEND_TIMEOUT_USEC=120000000"]);
  finish!("open");
  expect(await started).toBe("open");
  expect(due).toBeNull();
});
