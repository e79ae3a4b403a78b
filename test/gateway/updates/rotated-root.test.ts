import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createMetadataFolder } from "../../../src/collector/registry/metadata-folder.ts";
import type { Registry } from "../../../src/collector/registry/registry.ts";
import { defaultLifetimes, nextState } from "../../../src/collector/registry/repository-state.ts";
import { rotateKeys } from "../../../src/collector/registry/rotate-keys.ts";
import { signRoot, type TufRole, tufRoles } from "../../../src/collector/registry/sign-root.ts";
import { encodeMetadata, toTufKey } from "../../../src/collector/registry/tuf-signing.ts";
import { loadPrivateKey } from "../../../src/core/bundle/keys.ts";
import { parseRoot } from "../../../src/core/bundle/update-metadata.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { dayMs } from "../../../src/core/maths/durations.ts";
import { signAbove } from "../../collector/registry/registry-fixture.ts";
import { sampleContents } from "../../core/bundle/sample-bundle.ts";
import { expectRefused } from "./expect-refused.ts";
import { createUpdateFixture, type Gateway, type UpdateFixture } from "./update-fixture.ts";

const yearMs = 365 * dayMs;
let fixture: UpdateFixture;
let registry: Registry;
beforeEach(async () => {
  fixture = await createUpdateFixture();
  ({ registry } = fixture);
});
afterEach(() => fixture.close());

/** What an operator does: makes the next root, and starts the collector again. */
async function rotate(...roles: TufRole[]): Promise<void> {
  const wish = { roles, lifetimeMs: 5 * yearMs, nowMs: fixture.clock.nowMs() };
  await rotateKeys(fixture.keysDir, wish);
  registry = await fixture.restart();
}

async function publish(version: string): Promise<void> {
  const dir = join(fixture.base, `bundle-${version}`);
  await writeBundle(dir, sampleContents({ version }), fixture.release);
  await registry.publish(dir);
}

async function expectActivated(gateway: Gateway, version: string): Promise<void> {
  expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated", version });
}

const rootOf = async ({ stateDir }: Gateway) => parseRoot(await readFile(join(stateDir, "tuf", "root.json")));

it("is followed by a gateway that looks, by one that was away, and by one that never looked", async () => {
  const present = await fixture.gateway();
  await publish("1.1.0");
  await expectActivated(present, "1.1.0");
  const away = await fixture.gateway({}, present.stateDir);

  await rotate("timestamp");
  await publish("1.2.0");
  await expectActivated(present, "1.2.0");
  fixture.clock.pass(2 * yearMs);
  await rotate("root", "targets", "snapshot");
  await publish("1.3.0");
  await expectActivated(present, "1.3.0");

  for (const gateway of [away, await fixture.gateway()]) {
    fixture.requests.length = 0;
    await expectActivated(gateway, "1.3.0");
    expect(fixture.requests.slice(0, 4)).toEqual([
      "/metadata/2.root.json",
      "/metadata/3.root.json",
      "/metadata/4.root.json",
      "/metadata/timestamp.json",
    ]);
    expect((await rootOf(gateway)).signed.version).toBe(3);
  }
});

it("is followed from roots that have long ended, of which a gateway at the last alone takes nothing", async () => {
  const away = await fixture.gateway();
  await publish("1.1.0");
  await expectActivated(away, "1.1.0");
  fixture.clock.pass(4 * yearMs);
  await rotate(...tufRoles);
  fixture.clock.pass(6 * yearMs);
  await expectRefused(away, /root.json is expired/);
  await rotate();
  await publish("1.2.0");
  for (const gateway of [away, await fixture.gateway()]) await expectActivated(gateway, "1.2.0");
});

it("with more before it than one look follows is reached in two", async () => {
  for (let version = 2; version <= 33; version++) {
    fixture.clock.pass(dayMs);
    const wish = { roles: [], lifetimeMs: 5 * yearMs, nowMs: fixture.clock.nowMs() };
    await rotateKeys(fixture.keysDir, wish);
  }
  await rotate("timestamp");
  await publish("1.1.0");
  const gateway = await fixture.gateway();
  await gateway.updater.checkNow();
  await expectActivated(gateway, "1.1.0");
  expect((await rootOf(gateway)).signed.version).toBe(34);
});

it.each([4_000_000_000, 9_999_999_998])(
  "for all three roles frees a gateway that stolen keys led above version %i, whose list lies at the collector still",
  async (version) => {
    const gateway = await fixture.gateway();
    await publish("1.1.0");
    await expectActivated(gateway, "1.1.0");
    await signAbove(version, fixture);
    await gateway.updater.checkNow();
    const known = JSON.parse(await readFile(join(gateway.stateDir, "tuf", "timestamp.json"), "utf8"));
    expect(known.signed.version).toBeGreaterThan(version);

    await rotate("targets", "snapshot", "timestamp");
    await publish("1.2.0");
    await expectActivated(gateway, "1.2.0");
  },
);

it("ends what somebody can do who has the old keys", async () => {
  const gateway = await fixture.gateway();
  await publish("1.1.0");
  const root = await loadPrivateKey(join(fixture.keysDir, "root.key"));
  const { keys } = fixture;
  await rotate("root", "timestamp");
  await expectActivated(gateway, "1.1.0");
  await publish("6.6.6");

  // A timestamp by the old key that speaks of the list of before: the newest bundle is withheld.
  const folder = createMetadataFolder(join(fixture.dir, "metadata"));
  const previous = (await folder.readState(parseRoot(keys.root)))!;
  const signing = { keys, lifetimes: defaultLifetimes, nowMs: fixture.clock.nowMs() };
  const change = { root: previous.root, previous, from: "targets", targetFiles: {} } as const;
  const { timestamp } = nextState(change, signing);
  fixture.substitute({ "/metadata/timestamp.json": encodeMetadata(timestamp) });
  await expectRefused(gateway, /timestamp was signed by 0\/1 keys/);

  const key = toTufKey(root.publicKey);
  const contents = { version: 3, issuedMs: fixture.clock.nowMs(), lifetimeMs: yearMs };
  const forged = signRoot({ ...contents, keys: { root: key, targets: key, snapshot: key, timestamp: key } }, [
    root,
  ]);
  fixture.substitute({ "/metadata/3.root.json": forged });
  await expectRefused(gateway, /root was signed by 0\/1 keys/);
  fixture.misbehave(null);
  await expectActivated(gateway, "6.6.6");
});
