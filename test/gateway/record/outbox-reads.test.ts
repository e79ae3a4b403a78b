/** A store that cannot be read: the gateway goes on, says it once, and sends everything when it can be read again. */
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { decodeUplinkEnvelope } from "../../../src/core/wire/envelope-codec.ts";
import { createOutbox, type Outbox } from "../../../src/gateway/record/outbox.ts";
import type { OutboxBatch } from "../../../src/gateway/record/outbox-ledger.ts";
import { openStoreFile, type StoreFile } from "../../../src/gateway/record/store-file.ts";
import { createUplink } from "../../../src/gateway/record/uplink.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { contents } from "./outbox-rig.ts";

const event = (detail: string) => ({ kind: "event", timeMs: 1, name: "n", subject: "s", detail }) as const;
const alert = (id: string) => ({ kind: "alert", id, json: "{}" }) as const;

/** What it answers with, to writes as well or not, and from which sequence on. */
interface Disk {
  code: string | null;
  takesWrites: boolean;
  failsFrom: number;
  uses: number;
}

/** An outbox with a collector that never answers, on a disk that fails with a code of SQLite's while there is one. */
function openRig(): {
  readonly clock: ManualClock;
  readonly outbox: Outbox;
  readonly disk: Disk;
  readonly file: StoreFile;
  /** Errors that were logged. */
  readonly errors: string[];
  /** Names of events and ids of alerts, in the order in which they went out. */
  readonly sent: string[];
  connect(): void;
  disconnect(): void;
} {
  const clock = createManualClock();
  const real = openStoreFile({ path: join(createTemporaryFolder(), "store.db"), survives: "crash" });
  const disk: Disk = { code: null, takesWrites: false, failsFrom: 0, uses: 0 };
  let isWrite = false;
  real.use((database) => {
    const { transaction } = database;
    database.transaction = (work) => {
      isWrite = true;
      return transaction(work);
    };
  });
  const file: StoreFile = {
    ...real,
    use: (work) => {
      disk.uses += 1;
      if (disk.code === null) return real.use(work);
      if (disk.takesWrites) {
        isWrite = false;
        const done = real.use(work);
        const from = (done as OutboxBatch | null)?.firstSequence ?? 0;
        if (isWrite || from < disk.failsFrom) return done;
      }
      const cause = Object.assign(new Error("disk I/O error"), { code: disk.code });
      throw new AuroraError("STORE", "cannot read: disk I/O error", { op: "read", cause });
    },
  };
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
  const outbox = createOutbox({ file, clock, timers: clock, logger });
  onTestFinished(() => {
    outbox.close();
    real.close();
  });
  const sent: string[] = [];
  let connect = (): void => {};
  const transport = {
    largestPacketBytes: null,
    connected: true,
    publish: async (_topic: string, payload: Uint8Array) => {
      const decoded = decodeUplinkEnvelope(payload);
      if (!decoded.ok) throw new Error(decoded.error.message);
      for (const record of decoded.value.records) {
        if (record.kind === "event") sent.push(`${record.name} ${record.detail}`);
        if (record.kind === "alert") sent.push(record.id);
      }
    },
    subscribe: async () => {},
    onConnect: (callback: () => void) => {
      connect = () => {
        transport.connected = true;
        callback();
      };
      return () => {};
    },
  };
  const disconnect = (): void => {
    transport.connected = false;
  };
  const topics = createTopics("aurora/v1");
  const { unwritten } = outbox;
  createUplink({ gateway: "gw", outbox, unwritten, transport, topics, clock, timers: clock });
  return { clock, outbox, disk, file: real, errors, sent, disconnect, connect: () => connect() };
}

test.for([
  ["SQLITE_IOERR_READ", false],
  ["SQLITE_IOERR_READ", true],
  ["SQLITE_IOERR_SHORT_READ", false],
  ["SQLITE_NOMEM", false],
] as const)(
  "reads that fail with %s end nothing, whether writes succeed (%s): said once, tried again with pauses, and all is sent",
  ([code, takesWrites]) => {
    const { clock, outbox, disk, sent, connect } = openRig();
    for (let index = 0; index < 50; index++) outbox.append(event(`${index}`));
    outbox.append(alert("before"));
    Object.assign(disk, { code, takesWrites });
    connect();
    expect(outbox.counts().trouble).toBe(code === "SQLITE_NOMEM" ? "other" : "io");
    outbox.append(alert("meanwhile"));
    clock.advance(60_000);
    // What is on the disk waits for it; what is not is sent from memory.
    expect(sent.includes("meanwhile")).toBe(!takesWrites);
    disk.uses = 0;
    clock.advance(3_600_000);
    // Every lane, and the commit, after half a minute to a minute.
    expect(disk.uses).toBeLessThan(6 * 120 * 1.5);

    disk.code = null;
    clock.advance(120_000);
    expect(outbox.counts()).toMatchObject({ trouble: null, pendingRecords: 0 });
    for (let index = 0; index < 50; index++) expect(sent).toContain(`n ${index}`);
    expect(sent).toContain("before");
    expect(sent).toContain("meanwhile");
    outbox.flush();
    const told = outbox.peek("update")!.records.length - 50;
    // Of what cannot be read, and of what cannot be written.
    expect(told).toBe(takesWrites ? 1 : 2);
  },
);

test("a lane that cannot be read holds up no other", () => {
  const { clock, outbox, disk, sent } = openRig();
  outbox.append(event("before"));
  outbox.flush();
  Object.assign(disk, { code: "SQLITE_IOERR_READ" });
  expect(outbox.peek("update")).toBeNull();
  disk.code = null;
  outbox.append(alert("meanwhile"));
  expect(sent).toEqual(["meanwhile"]);
  clock.advance(2_000);
  expect(sent).toContain("n before");
});

/** How often it was logged that nothing can be read, and declared. */
const countTold = ({ errors, outbox }: Pick<ReturnType<typeof openRig>, "errors" | "outbox">) => [
  errors.filter((message) => message.includes("cannot be read")).length,
  contents(outbox, "update")!.records.filter(
    ({ kind, ...rest }) => "name" in rest && rest.name === "store.io",
  ).length,
];

test("a trouble is over when the disk can be read again, though nobody is connected, and another one is told again", () => {
  const rig = openRig();
  const { clock, outbox, disk } = rig;
  rig.disconnect();
  outbox.append(event("before"));
  for (const times of [1, 2]) {
    outbox.flush();
    Object.assign(disk, { code: "SQLITE_IOERR_READ", takesWrites: true });
    expect(outbox.peek("update")).toBeNull();
    clock.advance(60_000);
    expect(outbox.counts().trouble).toBe("io");
    disk.code = null;
    clock.advance(60_000);
    expect(outbox.counts().trouble).toBeNull();
    expect(countTold(rig)).toEqual([times, times]);
  }
});

test("what lies deep and cannot be read is said once, and what lies before it is given out meanwhile", () => {
  const rig = openRig();
  const { clock, outbox, disk } = rig;
  rig.disconnect();
  for (let index = 0; index < 20; index++) outbox.append(event(`${index}`));
  outbox.flush();
  Object.assign(disk, { code: "SQLITE_IOERR_READ", takesWrites: true, failsFrom: 11 });
  for (let minute = 0; minute < 60; minute++) {
    expect(outbox.peek("update", { maxRecords: 10 })!.records).toHaveLength(10);
    expect(outbox.peek("update", { after: 10 })).toBeNull();
    clock.advance(60_000);
  }
  expect(outbox.counts().trouble).toBe("io");
  expect(countTold(rig)).toEqual([1, 1]);
});

test("a newer alert from memory overtakes no older one in the file that can be read again", () => {
  const { clock, outbox, disk, file, sent, connect, disconnect } = openRig();
  disconnect();
  outbox.append(alert("older"));
  Object.assign(disk, { code: "SQLITE_IOERR_READ", takesWrites: true });
  connect();
  clock.advance(600_000);
  disk.code = null;
  file.use((database) => {
    database.transaction = () => {
      throw Object.assign(new Error("no room"), { code: "SQLITE_FULL" });
    };
  });
  outbox.append(alert("newer"));
  clock.advance(120_000);
  expect(sent.find((name) => name === "older" || name === "newer")).toBe("older");
});

test("a file that was begun anew is read at once", () => {
  const { clock, outbox, disk, file, sent, connect } = openRig();
  outbox.append(alert("before"));
  Object.assign(disk, { code: "SQLITE_IOERR_READ", takesWrites: true });
  connect();
  clock.advance(600_000);
  disk.code = null;
  expect(() =>
    file.use(() => {
      throw Object.assign(new Error("malformed"), { code: "SQLITE_CORRUPT" });
    }),
  ).toThrow("malformed");
  outbox.append(alert("meanwhile"));
  expect(outbox.counts().trouble).toBeNull();
  expect(sent).toContain("meanwhile");
});

test("a damaged record that cannot be removed is a trouble of writing, and goes when there is room", () => {
  const { clock, outbox, file, errors } = openRig();
  for (const id of ["first", "second"]) outbox.append(alert(id));
  let restore = (): void => {};
  file.use((database) => {
    const [row] = database.prepare("SELECT body FROM outbox_entry WHERE sequence = 1").all();
    const body = Uint8Array.from(row!.body as Uint8Array);
    body[2]! ^= 1;
    database.prepare("UPDATE outbox_entry SET body = ? WHERE sequence = 1").run(body);
    const { transaction } = database;
    database.transaction = () => {
      throw Object.assign(new Error("no room"), { code: "SQLITE_FULL" });
    };
    restore = () => {
      database.transaction = transaction;
    };
  });
  expect(outbox.peek("alert")).toBeNull();
  clock.advance(10_000);
  expect(outbox.counts().trouble).toBe("full");
  expect(errors).toEqual(["the outbox cannot be written; records wait in memory"]);
  restore();
  clock.advance(120_000);
  expect(outbox.peek("alert")!.records).toHaveLength(1);
  expect(outbox.counts().trouble).toBeNull();
});
