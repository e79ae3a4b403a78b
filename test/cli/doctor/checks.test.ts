import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, test } from "vitest";
import { checkClock, compareClock } from "../../../src/cli/doctor/check-clock.ts";
import { checkDisk, checkWear } from "../../../src/cli/doctor/check-disk.ts";
import { checkFileSystem } from "../../../src/cli/doctor/check-file-system.ts";
import { checkLines } from "../../../src/cli/doctor/check-lines.ts";
import { checkPort } from "../../../src/cli/doctor/check-port.ts";
import { bad, good, renderBytes } from "../../../src/cli/doctor/check-result.ts";
import { checkRunning } from "../../../src/cli/doctor/check-running.ts";
import { type FoundPage, findGateway } from "../../../src/cli/doctor/find-gateway.ts";
import { renderCheck, renderTotal } from "../../../src/cli/doctor/render-checks.ts";
import { runChecks } from "../../../src/cli/doctor/run-checks.ts";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { gatewayState } from "../../../src/core/contract/config/state-names.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { mountSmallDisk, remountDisk } from "../../support/small-disk.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

function configure(more: object = {}) {
  return gatewayConfigSchema().parse({
    gateway: { id: "gw-1", site: "north" },
    devices: [{ id: "mcu-1", connect: "mqtt" }],
    turbines: [{ id: "WT01" }],
    ...more,
  });
}

describe("the checks of a run", () => {
  it("go on past one that hangs and one that is refused, and say so", async () => {
    const heard: string[] = [];
    const refusal = new AuroraError("KEY", "the key is of another", { op: "log in", hint: "take yours" });
    const check = (name: string, run: () => Promise<readonly ReturnType<typeof good>[]>) => {
      return { group: "network" as const, name, timeoutMs: 20, run };
    };
    const results = await runChecks(
      [
        check("hangs", () => new Promise(() => {})),
        check("refused", () => Promise.reject(refusal)),
        check("last", async () => [good("last", "it is here")]),
      ],
      ({ name }) => void heard.push(name),
    );
    expect(heard).toEqual(["hangs", "refused", "last"]);
    expect(results).toMatchObject([
      { verdict: "bad", text: "no end within 0.02 s" },
      { verdict: "bad", text: "the key is of another", advice: "take yours" },
      { verdict: "good", group: "network", advice: null },
    ]);
    expect(renderTotal(results)).toBe("1 good, 0 warnings, 2 wrong, 0 not checked\n");
  });

  it("are shown with a mark, what to do below it, and no password", () => {
    const result = bad("broker", "mqtt://ann:hunter2@b:1883 is closed", "open it");
    expect(renderCheck({ group: "network", ...result }, "plain")).toBe(
      "× broker: mqtt://ann:[redacted]@b:1883 is closed\n    open it\n",
    );
  });
});

test("the clock is held against a bound and against others'", async () => {
  expect((await checkClock(Date.UTC(1970, 0, 2))).verdict).toBe("bad");
  expect((await checkClock(Date.UTC(2038, 0, 19, 3, 14, 8))).text).toMatch(
    /^it says 2038-01-19T03:14:08.000Z, and is ahead/,
  );
  expect((await checkClock(Date.now())).verdict).toBe("good");
  const nowMs = 1_800_000_000_000;
  expect(compareClock("x", nowMs - 1_000, nowMs)).toMatchObject({ verdict: "good", text: "1 s apart" });
  expect(compareClock("x", nowMs + 20_000, nowMs)).toMatchObject({
    verdict: "warning",
    text: "this machine is 20 s behind",
  });
  expect(compareClock("x", nowMs - 7_200_000, nowMs)).toMatchObject({
    verdict: "bad",
    text: "this machine is 2 h ahead",
  });
});

test("the disk: room for what the configuration may write, and what an eMMC says of its wear", async () => {
  const folder = createTemporaryFolder();
  const stateDir = join(folder, "not", "yet");
  const fits = await checkDisk(configure({ gateway: { id: "g", site: "s", stateDir } }));
  expect(fits[0]).toMatchObject({ verdict: "good", text: `${stateDir} will be made in ${folder}` });
  expect(fits[1]?.verdict).toBe("good");
  const greedy = configure({
    gateway: { id: "g", site: "s", stateDir },
    evidence: { allow: ["alarm"], diskBytes: 1e12 },
  });
  const [, space] = await checkDisk({ ...greedy, evidence: { ...greedy.evidence, diskBytes: 1e18 } });
  expect(space).toMatchObject({ verdict: "warning", advice: expect.stringContaining("evidence.diskBytes") });

  expect(readdirSync(folder)).toEqual([]);
  // Even root may make no folder there.
  const nowhere = await checkDisk(configure({ gateway: { id: "g", site: "s", stateDir: "/proc/x" } }));
  expect(nowhere).toMatchObject([
    { verdict: "bad", text: expect.stringMatching(/^\/proc\/x cannot be made: |may not write \/proc$/) },
    { verdict: "skipped", text: "/proc is on no disk" },
    { name: "disk wear" },
  ]);

  const lost = mountSmallDisk(64);
  if (lost !== null) {
    const inMemory = await checkDisk(configure({ gateway: { id: "g", site: "s", stateDir: lost } }));
    expect(inMemory[1]).toMatchObject({ verdict: "warning", text: expect.stringContaining("is in memory") });
  }

  if (lost !== null) {
    remountDisk(lost, "ro");
    for (const stateDir of [lost, join(lost, "not", "yet")]) {
      const [state] = await checkDisk(configure({ gateway: { id: "g", site: "s", stateDir } }));
      expect(state).toMatchObject({ verdict: "bad", text: `the disk of ${lost} is read-only` });
      expect(state?.advice).toMatch(/dmesg.*fsck.*remount/);
      expect(state?.advice).not.toContain("chown");
    }
  }

  const fewFiles = mountSmallDisk(64_000, 16);
  if (fewFiles !== null) {
    const checks = await checkDisk(configure({ gateway: { id: "g", site: "s", stateDir: fewFiles } }));
    expect(checks.find(({ name }) => name === "disk space")).toMatchObject({
      verdict: "bad",
      text: expect.stringMatching(/^6[23] MiB free, and room for 15 more files only \(inodes\)$/),
    });
  }

  // What lies deeper counts, links do not.
  const used = join(folder, "used");
  mkdirSync(join(used, "slots", "a"), { recursive: true });
  writeFileSync(join(used, "slots", "a", "model"), new Uint8Array(3 * 1024 * 1024));
  symlinkSync("..", join(used, "slots", "round"));
  const config = configure({ gateway: { id: "g", site: "s", stateDir: used }, store: { maxMebibytes: 20 } });
  expect((await checkDisk(config))[1]?.text).toMatch(/up to 17 MiB may still be written/);

  expect((await checkWear(folder)).verdict).toBe("skipped");
  mkdirSync(join(folder, "mmcblk0", "device"), { recursive: true });
  const wear = async (text: string) => {
    writeFileSync(join(folder, "mmcblk0", "device", "life_time"), text);
    return await checkWear(folder);
  };
  expect(await wear("0x02 0x03\n")).toMatchObject({ verdict: "good", text: expect.stringContaining("30 %") });
  expect((await wear("0x01 0x09\n")).verdict).toBe("warning");
  expect((await wear("0x0b 0x01\n")).verdict).toBe("bad");
  expect(renderBytes(1536 * 1024 * 1024)).toBe("1.5 GiB");
});

test("a disk whose file system is not made for a store is told, by what it lacks", () => {
  const textOf = (type: number) => checkFileSystem("/x", type).map(({ verdict, text }) => [verdict, text]);
  expect(textOf(0xef53)).toEqual([]);
  expect(textOf(0x2011bab0)).toEqual([["warning", expect.stringMatching(/on exFAT, .*no journal/)]]);
  expect(textOf(0x01021997)).toEqual([["warning", expect.stringMatching(/by another system \(9p\)/)]]);
  expect(textOf(0x4d44)).toEqual([["warning", expect.stringMatching(/on FAT, .*no journal/)]]);
  expect(textOf(0x6969)).toEqual([["warning", expect.stringMatching(/on another machine \(NFS\)/)]]);
  expect(textOf(0x01021994)).toEqual([["warning", expect.stringContaining("in memory")]]);
});

test("stores that were set aside are told with their size, and what to do with them; where there is none, nothing", async () => {
  const stateDir = createTemporaryFolder();
  const check = async () =>
    (await checkDisk(configure({ gateway: { id: "g", site: "s", stateDir } }))).filter(
      ({ name }) => name === "store",
    );
  expect(await check()).toEqual([]);
  const path = join(stateDir, gatewayState.record);
  for (const text of ["once", "twice"]) {
    writeFileSync(path, text.repeat(100_000));
    openSqlite(path, { onCorrupt: () => {} }).close();
  }
  expect(await check()).toEqual([
    {
      verdict: "warning",
      name: "store",
      text: expect.stringMatching(
        /^2 set aside as damaged, the newest .* ago, 879 KiB: gateway\.db\.corrupt-1, gateway\.db\.corrupt-2$/,
      ),
      advice: expect.stringContaining(stateDir),
    },
  ]);
  for (const stray of ["01", "", "1.txt", "3"]) {
    const name = `${path}.corrupt-${stray}`;
    if (stray === "3") symlinkSync("gone", name);
    else writeFileSync(name, "");
  }
  expect((await check()).map(({ text }) => text)).toEqual([expect.stringContaining("2 set aside")]);
});

test("the gateway's port is free, its own, another gateway's or another program's", async () => {
  const server = createServer((socket) => void socket.on("error", () => {}).resume());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const config = configure({ gateway: { id: "gw-1", site: "s", httpPort: port } });
  const url = `http://127.0.0.1:${port}`;
  const page = (gateway: string): FoundPage => {
    return {
      gateway,
      mqtt: { connected: true },
      outbox: { records: 0 },
      windows: { processed: 1 },
      devices: [],
    };
  };
  expect(await checkPort(config, { url, page: null, isLate: false, missing: null })).toMatchObject({
    verdict: "bad",
    text: `another program listens on 127.0.0.1:${port}`,
  });
  // It accepts connections and says nothing: nobody is told to end a gateway that is only slow.
  expect(await checkPort(config, await findGateway(config, 100))).toMatchObject({
    verdict: "bad",
    text: expect.stringMatching(/does not answer: this gateway at its limit, or another program/),
    advice: expect.not.stringMatching(/end /),
  });
  expect((await checkPort(config, { url, page: page("gw-1"), isLate: false, missing: null })).verdict).toBe(
    "good",
  );
  expect(await checkPort(config, { url, page: page("gw-2"), isLate: false, missing: null })).toMatchObject({
    verdict: "bad",
    text: `the gateway gw-2 answers at ${url}`,
  });
  const anyPort = { gateway: { ...config.gateway, httpPort: 0, stateDir: createTemporaryFolder() } };
  const ask = async () => checkPort(anyPort, await findGateway(anyPort, 100));
  expect(await ask()).toMatchObject({ verdict: "good", text: "any that is free; no gateway runs" });
  const access = join(anyPort.gateway.stateDir, gatewayState.access);
  writeFileSync(access, JSON.stringify({ url, token: "5a".repeat(32) }));
  expect(await ask()).toMatchObject({
    verdict: "warning",
    text: expect.stringContaining(`${url} does not answer`),
  });
  writeFileSync(access, "damaged");
  expect(await ask()).toMatchObject({
    verdict: "warning",
    text: `${access} is not what a running gateway writes`,
  });
  await new Promise((resolve) => server.close(resolve));
  expect((await checkPort(config, { url, page: null, isLate: false, missing: null })).verdict).toBe("good");
});

test("the lines of devices: no such port, no port at all, nobody at the address, and what is not touched", async () => {
  const file = join(createTemporaryFolder(), "ttyUSB0");
  writeFileSync(file, "");
  const device = (connect: string) => configure({ devices: [{ id: "d", connect }] });
  const look = async (connect: string) => (await checkLines(device(connect), { isRunning: false }))[0];
  expect(await look("/dev/serial/by-id/nothing")).toMatchObject({
    verdict: "bad",
    text: "there is no /dev/serial/by-id/nothing",
    // Of this machine's own ports, where it has some.
    advice: expect.stringMatching(
      /begun with \(--device \/dev\/serial\/by-id\/nothing\)|Did you mean|There (are|is only) /,
    ),
  });
  expect(await look(file)).toMatchObject({ verdict: "bad", text: `${file} is no serial port` });
  symlinkSync("/dev/null", `${file}-link`);
  expect((await look(`${file}-link`))?.verdict).toBe("good");
  expect(await look("tcp://127.0.0.1:9")).toMatchObject({ verdict: "bad" });
  expect((await look("mqtt"))?.verdict).toBe("skipped");
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const buses = {
    devices: [],
    modbus: [{ url: `tcp://127.0.0.1:${port}`, units: [] }],
    opcua: [{ url: `opc.tcp://127.0.0.1:${port}/ua`, turbines: [] }],
  };
  const answers = await checkLines(buses as unknown as ReturnType<typeof configure>, { isRunning: false });
  expect(answers).toMatchObject([
    { verdict: "good", name: "Modbus server" },
    { verdict: "bad", name: "OPC UA server", text: expect.stringContaining("answers no greeting") },
  ]);
  expect(answers[1]?.advice).toContain("one more client");
  const [held] = await checkLines(device("tcp://127.0.0.1:9"), { isRunning: true });
  expect(held?.verdict).toBe("skipped");
});

test("the running gateway: its broker, a twin, and when each device spoke last", () => {
  const config = configure({
    devices: ["a", "b", "c", "d", "e", "f"].map((id) => ({ id, connect: "mqtt" })),
  });
  const page: FoundPage = {
    gateway: "gw-1",
    mqtt: { connected: false, cloned: true },
    outbox: { records: 20_000 },
    windows: { processed: 7 },
    sources: [
      { name: "scada/WT01", connected: true, faults: [] },
      { name: "scada/WT02", connected: true, readings: 0, faults: [] },
      { name: "scada/WT03", connected: true, readings: 4, faults: [] },
      { name: "tcp://10.0.0.9:502", connected: false, faults: ["no answer"] },
    ],
    devices: [
      { id: "a", state: "established", silentMs: 200 },
      { id: "b", state: "established", silentMs: 3_600_000 },
      { id: "c", state: "connecting", silentMs: null, diagnoses: [{ text: "restarts", cure: "its supply" }] },
      { id: "e", state: "connecting", silentMs: null },
      { id: "f", state: "connecting", noContact: "cannot open /dev/ttySC0", silentMs: null },
    ],
  };
  const found = checkRunning(config, page).map(({ verdict, name, text }) => `${verdict} ${name}: ${text}`);
  expect(found).toEqual([
    "bad gateway: runs, and has no connection to its broker",
    "bad identity: another gateway logs in as gw-1",
    "warning outbox: 20000 records wait for the collector",
    "good SCADA source scada/WT01: connected",
    "warning SCADA source scada/WT02: connected, and no value has come yet",
    "good SCADA source scada/WT03: connected",
    "bad SCADA source tcp://10.0.0.9:502: no answer",
    "good device a: spoke 0 s ago",
    "bad device b: spoke 60 min ago",
    "bad device c: restarts",
    "warning device d: the running gateway does not know it",
    "bad device e: no contact (connecting)",
    "bad device f: no contact: cannot open /dev/ttySC0",
  ]);
  expect(checkRunning(config, null)[0]?.verdict).toBe("skipped");
  const texts = (more: Partial<FoundPage>): string[] =>
    checkRunning(config, { ...page, ...more }).map(({ name, text }) => `${name}: ${text}`);
  const mqtt = { connected: true, refusedFilters: ["a/ack"] };
  expect(texts({ mqtt })).toContain("subscriptions: the broker refuses a/ack");
  const value = { turbine: "WT01", channel: "power", value: 910.2, unit: "kW", ageMs: 3_000 };
  const sources = [
    { name: "a", connected: true, faults: [], values: Array.from({ length: 5 }, () => value) },
  ];
  const power = "WT01 power 910.2 kW (3 s ago)";
  expect(texts({ sources })).toContain(
    `SCADA source a: connected; ${power}, ${power}, ${power}, 2 more in /status`,
  );
  const refusedAlerts = [{ topic: "a/WT01/alert", component: "gearbox", reason: "a message of 3139 bytes" }];
  expect(checkRunning(config, { ...page, refusedAlerts })).toContainEqual(
    expect.objectContaining({
      verdict: "bad",
      name: "alerts",
      text: "the broker refuses those of gearbox (a/WT01/alert): a message of 3139 bytes",
    }),
  );
  expect(texts({ evidence: { held: 0, pieceLimitBytes: 8_192 } })).toContain(
    "raw evidence: pieces of more than 8192 bytes do not arrive; smaller ones are sent",
  );
  expect(texts({ evidence: { held: 2, pieceLimitBytes: 1_024 } })).toContain(
    "raw evidence: 2 recordings wait here: no piece arrives, while other records do",
  );
  expect(texts({ evidence: { held: 0, pieceLimitBytes: null } }).join()).not.toContain("raw evidence");
  expect(texts({ evidence: { held: 1, pausedUntilMs: Date.UTC(2026, 10, 30, 9) } })).toEqual(
    expect.arrayContaining([
      "raw evidence: the bytes of a day are used up; samples are sent on after 2026-11-30T09:00:00.000Z",
      "raw evidence: 1 recording waits here: no piece arrives, while other records do",
    ]),
  );
  for (const [trouble, words] of [
    ["gone", /its file was removed or replaced/],
    ["full", /is full: records wait in memory/],
    ["io", /cannot be written or read \(io\)/],
    ["unreadable", /the disk failed to read some of its file/],
  ] as const) {
    const troubled = checkRunning(config, { ...page, outbox: { records: 1, trouble } });
    expect(troubled.find(({ name }) => name === "outbox")).toMatchObject({
      verdict: "bad",
      text: expect.stringMatching(words),
    });
  }
  const slow = checkRunning(config, { ...page, outbox: { records: 1, trouble: null, slow: true } });
  expect(slow.filter(({ name }) => name === "outbox")).toEqual([
    expect.objectContaining({
      verdict: "warning",
      text: expect.stringMatching(/took more than a second for a write/),
    }),
  ]);
  const waiting = (pending: number): string[] =>
    texts({ outbox: { records: 1, trouble: "full", lanes: { alert: { pending } } } });
  const full = "outbox: the disk, or its share of it, is full:";
  expect(waiting(0)).toContain(`${full} all but alerts wait in memory`);
  expect(waiting(1)).toContain(`${full} 1 alert and all else wait in memory`);
  expect(waiting(13)).toContain(`${full} 13 alerts and all else wait in memory`);
});
