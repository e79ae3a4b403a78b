import { join } from "node:path";
import { Metadata, MetaFile, Timestamp } from "@tufjs/models";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRegistry } from "../../../src/collector/registry/registry.ts";
import { nextState } from "../../../src/collector/registry/repository-state.ts";
import { addSignature, commonMembers, encodeMetadata } from "../../../src/collector/registry/tuf-signing.ts";
import { parseRoot } from "../../../src/core/bundle/update-metadata.ts";
import { issuedMember } from "../../../src/core/contract/bundle/update-target.ts";
import { dayMs, hourMs } from "../../../src/core/maths/durations.ts";
import { startMs, versionAtStart } from "../../collector/registry/registry-fixture.ts";
import { sampleContents } from "../../core/bundle/sample-bundle.ts";
import { expectRefused } from "./expect-refused.ts";
import { createUpdateFixture, type Gateway, type UpdateFixture } from "./update-fixture.ts";

let fixture: UpdateFixture;
let gateway: Gateway;
beforeEach(async () => {
  fixture = await createUpdateFixture();
  gateway = await fixture.gateway();
});
afterEach(() => fixture.close());

const publish = (version: string): Promise<unknown> => fixture.publish(sampleContents({ version }));

describe("clocks", () => {
  it("set back do not make old metadata good again, neither while running nor after a restart", async () => {
    await publish("1.1.0");
    await gateway.updater.checkNow();
    const frozen = await fixture.metadata("timestamp.json");
    fixture.clock.pass(30 * dayMs);
    await publish("1.2.0");
    await gateway.updater.checkNow();
    const known = await fixture.metadata("timestamp.json");
    fixture.substitute({ "/metadata/timestamp.json": known });
    fixture.clock.pass(8 * dayMs);
    fixture.clock.set(0); // an empty battery: 1970
    await expectRefused(gateway, /expired/);
    const restarted = await fixture.gateway({}, gateway.stateDir);
    fixture.substitute({ "/metadata/timestamp.json": frozen });
    expect(await restarted.updater.checkNow()).toMatchObject({ kind: "refused", version: null });
  });

  it("of 1970 at the first start do not let a gateway take metadata from before its root", async () => {
    const pastMs = startMs - 3 * 365 * dayMs;
    fixture.clock.set(pastMs);
    const registry = await createRegistry({
      dir: join(fixture.base, "past"),
      keys: fixture.keys,
      trustedKeys: [fixture.release.publicKey],
      clock: fixture.clock,
    });
    const names = ["timestamp.json", `${pastMs / 1000}.snapshot.json`, `${pastMs / 1000}.targets.json`];
    const files = await Promise.all(
      names.map(async (name) => [`/metadata/${name}`, (await registry.readMetadata(name))!] as const),
    );
    fixture.substitute(Object.fromEntries(files));
    fixture.clock.set(0);
    await expectRefused(gateway, /expired/);
  });

  it("of 1970 do not hide that the other files have ended by the time the timestamp speaks of", async () => {
    // Timestamp of today, targets that ended long ago: the repository itself went wrong.
    const lifetimes = { targetsMs: dayMs, snapshotMs: 300 * dayMs, timestampMs: 300 * dayMs };
    const root = parseRoot(fixture.keys.root);
    const signing = { keys: fixture.keys, lifetimes, nowMs: startMs };
    const past = nextState({ root, previous: null, from: "targets", targetFiles: {} }, signing);
    const today = nextState(
      { root, previous: past, from: "timestamp", targetFiles: {} },
      { ...signing, nowMs: startMs + 5 * dayMs },
    );
    fixture.substitute({
      "/metadata/timestamp.json": encodeMetadata(today.timestamp),
      [`/metadata/${versionAtStart(1)}.snapshot.json`]: encodeMetadata(today.snapshot),
      [`/metadata/${versionAtStart(1)}.targets.json`]: encodeMetadata(today.targets),
    });
    fixture.clock.set(0);
    await expectRefused(gateway, /targets\.json is expired/);
  });

  it("of 1970 after a restart do not hide what the last timestamp said about the time", async () => {
    fixture.clock.pass(38 * dayMs);
    await publish("1.1.0");
    await gateway.updater.checkNow();
    // A higher version that ended before the known one was signed.
    const root = parseRoot(fixture.keys.root);
    const day = { targetsMs: 7 * dayMs, snapshotMs: 7 * dayMs, timestampMs: 7 * dayMs };
    const signing = { keys: fixture.keys, lifetimes: day, nowMs: startMs };
    const previous = nextState({ root, previous: null, from: "targets", targetFiles: {} }, signing);
    const version = (startMs + 99 * dayMs) / 1000;
    for (const { signed } of [previous.timestamp, previous.snapshot, previous.targets])
      Object.assign(signed, { version });
    const old = nextState({ root, previous, from: "targets", targetFiles: {} }, signing);
    fixture.substitute({
      "/metadata/timestamp.json": encodeMetadata(old.timestamp),
      [`/metadata/${version + 1}.snapshot.json`]: encodeMetadata(old.snapshot),
      [`/metadata/${version + 1}.targets.json`]: encodeMetadata(old.targets),
    });
    fixture.clock.set(0);
    gateway = await fixture.gateway({}, gateway.stateDir);
    await expectRefused(gateway, /timestamp\.json is expired/);
    fixture.misbehave(null);
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated", version: "1.1.0" });
  });

  it("set forward only delay updates: nothing is learnt from them", async () => {
    await publish("1.1.0");
    const now = fixture.clock.nowMs();
    const frozen = await fixture.metadata("timestamp.json");
    fixture.substitute({ "/metadata/timestamp.json": frozen });
    fixture.clock.set(now + 20 * 365 * dayMs);
    await expectRefused(gateway, /expired/);
    fixture.clock.set(now);
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated", version: "1.1.0" });
  });

  it.each([5, 8, 365])("of a collector, %d days ahead for an hour, end no updates", async (days) => {
    let aheadMs = days * dayMs;
    const { clock } = fixture;
    const own = { nowMs: () => clock.nowMs() - aheadMs, monotonicMs: clock.monotonicMs };
    gateway = await fixture.gateway({ clock: own });
    clock.set(clock.nowMs() + aheadMs);
    expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
    clock.pass(hourMs);
    clock.set(clock.nowMs() - aheadMs);
    aheadMs = 0;
    for (let day = 0; day < 20; day++) {
      expect(await gateway.updater.checkNow(), `day ${day}`).toEqual({ kind: "current" });
      clock.pass(dayMs);
    }
    // Frozen is refused as ever.
    const frozen = await fixture.metadata("timestamp.json");
    await gateway.updater.checkNow();
    fixture.substitute({ "/metadata/timestamp.json": frozen });
    clock.pass(8 * dayMs);
    await expectRefused(gateway, /timestamp\.json is expired/);
    clock.set(0);
    await expectRefused(gateway, /timestamp\.json is expired/);
  });

  it("that each timestamp takes back anew make a gateway ask twice, and no more", async () => {
    const { clock, keys } = fixture;
    clock.pass(30 * dayMs);
    await gateway.updater.checkNow();
    const { signed } = JSON.parse(Buffer.from(await fixture.metadata("timestamp.json")).toString());
    const { version, meta, [issuedMember]: issued } = signed;
    let asked = 0;
    fixture.misbehave((path, _request, response) => {
      if (path !== "/metadata/timestamp.json" || asked === 5) return false;
      asked++;
      // Each speaks of a second earlier than the last, and ends a second later.
      const members = commonMembers(version + asked, Date.parse(issued) - asked * 1_000, 1_000);
      const snapshotMeta = MetaFile.fromJSON(meta["snapshot.json"]);
      const next = new Metadata(new Timestamp({ ...members, snapshotMeta }));
      addSignature(next, keys.timestamp);
      response.end(encodeMetadata(next));
      return true;
    });
    await expectRefused(gateway, /timestamp\.json is expired/);
    expect(asked).toBe(2);
    fixture.misbehave(null);
    expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
  });

  it("of a collector, set back by 60 days, end no update for the day in which either time may be right", async () => {
    const { clock, registry, trustClock } = fixture;
    let behindMs = 0;
    const own = { nowMs: () => clock.nowMs() + behindMs, monotonicMs: clock.monotonicMs };
    gateway = await fixture.gateway({ clock: own });
    const set = (byMs: number): void => {
      clock.set(clock.nowMs() - byMs);
      behindMs += byMs;
    };
    clock.pass(200 * dayMs);
    await trustClock();
    await registry.refresh();
    expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
    const versionOf = async (): Promise<number> =>
      JSON.parse(Buffer.from(await fixture.metadata("timestamp.json")).toString()).signed.version;
    set(60 * dayMs);
    for (let hour = 0; hour < 24; hour++) {
      await trustClock();
      expect(await gateway.updater.checkNow(), `hour ${hour}`).toEqual({ kind: "current" });
      clock.pass(hourMs);
    }
    const version = await versionOf();
    await trustClock();
    // Nobody has set it: it is believed, and says what it says.
    await expectRefused(gateway, /expired/);
    expect(await versionOf()).toBe(version + 1);
    expect(await registry.refresh()).toBe(false);
    set(-60 * dayMs);
    expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
  });

  it("an hour off either way change nothing", async () => {
    for (const [hours, version] of [
      [-1, "1.1.0"],
      [1, "1.2.0"],
    ] as const) {
      await publish(version);
      const now = fixture.clock.nowMs();
      fixture.clock.set(now + hours * 3_600_000);
      expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated", version });
      fixture.clock.set(now);
    }
  });
});
