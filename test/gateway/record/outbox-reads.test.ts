/** A store that cannot be read: the gateway goes on, says it once, and sends everything when it can be read again. */
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { decodeUplinkEnvelope } from "../../../src/core/wire/envelope-codec.ts";
import { createOutbox, type Outbox } from "../../../src/gateway/record/outbox.ts";
import { openStoreFile, type StoreFile } from "../../../src/gateway/record/store-file.ts";
import { createUplink } from "../../../src/gateway/record/uplink.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const event = (detail: string) => ({ kind: "event", timeMs: 1, name: "n", subject: "s", detail }) as const;
const alert = (id: string) => ({ kind: "alert", id, json: "{}" }) as const;

/** What it answers with, and whether only to those who send. */
interface Disk {
  code: string | null;
  takesWrites: boolean;
  isRead: boolean;
  uses: number;
}

/** An outbox with a collector that never answers, on a disk that fails with a code of SQLite's while there is one. */
function openRig(): {
  readonly clock: ManualClock;
  readonly outbox: Outbox;
  readonly disk: Disk;
  /** Names of events and ids of alerts, in the order in which they went out. */
  readonly sent: string[];
  connect(): void;
} {
  const clock = createManualClock();
  const real = openStoreFile({ path: join(createTemporaryFolder(), "store.db"), survives: "crash" });
  const disk: Disk = { code: null, takesWrites: false, isRead: false, uses: 0 };
  const file: StoreFile = {
    ...real,
    use: (work) => {
      disk.uses += 1;
      if (disk.code === null || (disk.takesWrites && !disk.isRead)) return real.use(work);
      const cause = Object.assign(new Error("disk I/O error"), { code: disk.code });
      throw new AuroraError("STORE", "cannot read: disk I/O error", { op: "read", cause });
    },
  };
  const outbox = createOutbox({ file, clock, timers: clock });
  onTestFinished(() => {
    outbox.close();
    real.close();
  });
  const sent: string[] = [];
  let connect = (): void => {};
  const transport = {
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
      connect = callback;
      return () => {};
    },
  };
  const topics = createTopics("aurora/v1");
  const { unwritten } = outbox;
  const read: Outbox = {
    ...outbox,
    get bootId() {
      return outbox.bootId;
    },
    peek: (lane, options) => {
      disk.isRead = true;
      const batch = outbox.peek(lane, options);
      disk.isRead = false;
      return batch;
    },
  };
  createUplink({ gateway: "gw", outbox: read, unwritten, transport, topics, clock, timers: clock });
  return { clock, outbox, disk, sent, connect: () => connect() };
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
  Object.assign(disk, { code: "SQLITE_IOERR_READ", isRead: true });
  expect(outbox.peek("update")).toBeNull();
  disk.code = null;
  outbox.append(alert("meanwhile"));
  expect(sent).toEqual(["meanwhile"]);
  clock.advance(2_000);
  expect(sent).toContain("n before");
});
