import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createMetadataFolder,
  type RepositoryState,
} from "../../../src/collector/registry/metadata-folder.ts";
import {
  defaultLifetimes,
  nextState,
  type RefreshFrom,
} from "../../../src/collector/registry/repository-state.ts";
import { rotateKeys } from "../../../src/collector/registry/rotate-keys.ts";
import { signRoot } from "../../../src/collector/registry/sign-root.ts";
import { encodeMetadata, toTufKey } from "../../../src/collector/registry/tuf-signing.ts";
import { parsePrivateKey } from "../../../src/core/bundle/keys.ts";
import { packBundle } from "../../../src/core/bundle/tar.ts";
import { parseRoot } from "../../../src/core/bundle/update-metadata.ts";
import { createBundle } from "../../../src/core/bundle/write-bundle.ts";
import { dayMs } from "../../../src/core/maths/durations.ts";
import { checkBundle, SentMisfitError } from "../../../src/gateway/updates/check-bundle.ts";
import { startMs, versionAtStart } from "../../collector/registry/registry-fixture.ts";
import { newKey, sampleContents } from "../../core/bundle/sample-bundle.ts";
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

/** Of what is published first. */
const second = versionAtStart(2);

/** What the registry has published. */
const readState = async (): Promise<RepositoryState> =>
  (await createMetadataFolder(join(fixture.dir, "metadata")).readState(parseRoot(fixture.keys.root)))!;

/** A timestamp that the registry's keys sign on from a state. */
function signOn(previous: RepositoryState, from: RefreshFrom, nowMs: number): Uint8Array {
  const change = { root: previous.root, previous, from, targetFiles: {} };
  const signing = { keys: fixture.keys, lifetimes: defaultLifetimes, nowMs };
  return encodeMetadata(nextState(change, signing).timestamp);
}

function flip(bytes: Uint8Array, index: number): Uint8Array {
  const changed = bytes.slice();
  changed[index] = changed[index]! ^ 0x01;
  return changed;
}

describe("metadata", () => {
  it("with one byte changed anywhere is never acted upon", async () => {
    await publish("1.1.0");
    let refused = 0;
    for (const [path, name] of [
      ["/metadata/timestamp.json", "timestamp.json"],
      [`/metadata/${second}.snapshot.json`, `${second}.snapshot.json`],
      [`/metadata/${second}.targets.json`, `${second}.targets.json`],
    ] as const) {
      const bytes = await fixture.metadata(name);
      for (let index = 0; index < bytes.length; index += 23) {
        const fresh = await fixture.gateway();
        fixture.substitute({ [path]: flip(bytes, index) });
        const outcome = await fresh.updater.checkNow();
        // The timestamp is not hashed by anything above it: a change in its envelope alone may leave it good.
        if (outcome.kind === "activated") {
          expect(name).toBe("timestamp.json");
          expect(fresh.activated[0]?.bundle.manifest.version).toBe("1.1.0");
        } else {
          expect(outcome).toMatchObject({ kind: "refused", version: null });
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(60);
    fixture.misbehave(null);
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated" });
  });

  it("rolled back to an older timestamp is refused, and reported once", async () => {
    await publish("1.1.0");
    const old = await fixture.metadata("timestamp.json");
    await publish("1.2.0");
    await gateway.updater.checkNow();
    fixture.substitute({ "/metadata/timestamp.json": old });
    await expectRefused(
      gateway,
      /version \d+ is less than current version \d+: the collector's registry is older/,
    );
    const told = gateway.steps.length;
    await expectRefused(gateway, /version \d+ is less/);
    expect(gateway.steps).toHaveLength(told);
    // A restart does not forget it.
    gateway = await fixture.gateway({}, gateway.stateDir);
    await expectRefused(gateway, /version \d+ is less/);
  });

  it("of a version that is known, with other content, is refused, and not passed over", async () => {
    await gateway.updater.checkNow();
    const known = await readState();
    await publish("1.1.0");
    await gateway.updater.checkNow();
    // What a collector of an earlier version signed after it was restored: one more than what its copy had.
    fixture.substitute({ "/metadata/timestamp.json": signOn(known, "targets", startMs) });
    await expectRefused(gateway, /another timestamp .* known already: .*restored from a copy/);
    fixture.misbehave(null);
    expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
  });

  it("frozen by somebody in between is refused when its time is over", async () => {
    await publish("1.1.0");
    await gateway.updater.checkNow();
    const frozen = await fixture.metadata("timestamp.json");
    fixture.substitute({ "/metadata/timestamp.json": frozen });
    fixture.clock.pass(6 * dayMs);
    expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
    fixture.clock.pass(2 * dayMs);
    await expectRefused(gateway, /timestamp\.json is expired/);
  });

  it("mixed from different moments is refused", async () => {
    await publish("1.1.0");
    const [snapshot, targets] = [
      await fixture.metadata(`${second}.snapshot.json`),
      await fixture.metadata(`${second}.targets.json`),
    ];
    await publish("1.2.0");
    fixture.substitute({ [`/metadata/${second + 1}.snapshot.json`]: snapshot });
    await expectRefused(gateway, /Expected (hash|length)/);
    fixture.substitute({ [`/metadata/${second + 1}.targets.json`]: targets });
    await expectRefused(gateway, /Expected (hash|length)/);
    fixture.misbehave(null);
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated", version: "1.2.0" });
  });

  it("signed by keys that root does not name is refused", async () => {
    const stranger = await createUpdateFixture();
    try {
      await stranger.publish(sampleContents({ version: "6.6.6" }));
      const files = ["timestamp.json", `${second}.snapshot.json`, `${second}.targets.json`];
      const foreign: Record<string, Uint8Array> = {};
      for (const name of files) foreign[`/metadata/${name}`] = await stranger.metadata(name);
      fixture.substitute(foreign);
      await expectRefused(gateway, /timestamp was signed by 0\/1 keys/);
    } finally {
      await stranger.close();
    }
  });

  it("of a root that its predecessor did not sign is refused", async () => {
    const attacker = newKey();
    const keys = {
      root: toTufKey(attacker.publicKey),
      targets: toTufKey(attacker.publicKey),
      snapshot: toTufKey(attacker.publicKey),
      timestamp: toTufKey(attacker.publicKey),
    };
    const forged = signRoot({ version: 2, issuedMs: startMs, lifetimeMs: 100 * dayMs, keys }, [attacker]);
    fixture.substitute({ "/metadata/2.root.json": forged });
    await expectRefused(gateway, /root was signed by 0\/1 keys/);
  });
});

describe("keys", () => {
  it("may change: a gateway follows the new root, and what the old timestamp key said is forgotten", async () => {
    await publish("1.1.0");
    await gateway.updater.checkNow();
    // A stolen timestamp key says that it is the year 2030, to make everything look expired for ever.
    const poisoned = signOn(await readState(), "timestamp", startMs + 4 * 365 * dayMs);
    fixture.substitute({ "/metadata/timestamp.json": poisoned });
    const outcome = await gateway.updater.checkNow();
    expect(outcome.kind).not.toBe("activated");

    await publish("1.2.0");
    const wish = { roles: ["timestamp"], lifetimeMs: 1000 * dayMs, nowMs: startMs } as const;
    await rotateKeys(fixture.keysDir, wish);
    await fixture.restart();
    fixture.misbehave(null);
    await gateway.updater.checkNow(); // learns the new root
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated", version: "1.2.0" });
  });
});

describe("a tar", () => {
  const key = newKey();
  const bundle = createBundle(sampleContents({ version: "1.1.0" }), key);
  const tar = packBundle(bundle);
  const target = {
    name: "bearing-sample",
    version: "1.1.0",
    digest: bundle.digest,
    sizeBytes: tar.length,
    sha256: "",
  };
  const trust = {
    trustedKeys: [key.publicKey],
    runtime: { runtimeVersion: "0.1.0" },
    findMisfit: () => null,
    findSent: () => null,
  };

  it("with any one byte changed is refused even if the repository itself vouches for it", async () => {
    let tried = 0;
    for (let index = 0; index < tar.length; index += 5) {
      await expect(checkBundle(flip(tar, index), target, trust)).rejects.toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^BUNDLE_/) as string }),
      );
      tried++;
    }
    expect(tried).toBeGreaterThan(2000);
    expect((await checkBundle(tar, target, trust)).bundle.digest).toBe(bundle.digest);
  });

  it("that does not fit the configuration is refused for that, whatever a device sends", async () => {
    const findSent = () => ({ misfit: "it takes 20000 Hz", sent: "mcu-1/accel: 12000 Hz, g" });
    await expect(checkBundle(tar, target, { ...trust, findSent })).rejects.toThrow(SentMisfitError);
    const both = checkBundle(tar, target, { ...trust, findMisfit: () => "maps none of WT1", findSent });
    await expect(both).rejects.not.toThrow(SentMisfitError);
    await expect(both).rejects.toThrow(/maps none of WT1/);
  });

  it("that is another bundle than the metadata names is refused", async () => {
    for (const change of [{ version: "1.2.0" }, { name: "another" }, { digest: "0".repeat(64) }]) {
      await expect(checkBundle(tar, { ...target, ...change }, trust)).rejects.toThrow(
        expect.objectContaining({ code: "UPDATE" }),
      );
    }
  });

  it("changed on its way is not kept and reported once, and the good one is taken next time", async () => {
    await publish("1.1.0");
    const good = fixture.registry.list()[0]!;
    const path = `/targets/bearing-sample/${good.sha256}.1.1.0.tar`;
    const bytes = await readFile(fixture.registry.findTarget("bearing-sample", path.split("/")[3]!)!.path);
    fixture.substitute({ [path]: flip(bytes, 700) });
    expect(await gateway.updater.checkNow()).toMatchObject({
      kind: "unreachable",
      reason: expect.stringMatching(/other bytes/),
    });
    await gateway.updater.checkNow();
    expect(gateway.story()).toEqual(["refused 1.1.0"]);
    fixture.misbehave(null);
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated" });
  });
});

describe("keys in memory", () => {
  it("are never written into the gateway's folder", async () => {
    await publish("1.1.0");
    await gateway.updater.checkNow();
    const { readdir } = await import("node:fs/promises");
    for (const file of await readdir(gateway.stateDir, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const text = await readFile(join(file.parentPath, file.name), "latin1");
      expect(text).not.toContain("PRIVATE KEY");
      expect(() => parsePrivateKey(text)).toThrow();
    }
  });
});
