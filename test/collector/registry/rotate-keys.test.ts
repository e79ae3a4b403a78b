import fs, { cp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createInstallationKeys,
  loadRegistryKeys,
} from "../../../src/collector/registry/installation-keys.ts";
import { rotateKeys } from "../../../src/collector/registry/rotate-keys.ts";
import { signRoot, type TufRole, tufRoles } from "../../../src/collector/registry/sign-root.ts";
import { encodeMetadata, toTufKey } from "../../../src/collector/registry/tuf-signing.ts";
import { createKeyPair } from "../../../src/core/bundle/keys.ts";
import { parseRoot } from "../../../src/core/bundle/update-metadata.ts";
import { dayMs } from "../../../src/core/maths/durations.ts";
import { parseTimestamp } from "../../../src/gateway/updates/tuf-metadata.ts";
import { newKey, sampleContents } from "../../core/bundle/sample-bundle.ts";
import { createRegistryFixture, type RegistryFixture, startMs } from "./registry-fixture.ts";

/**
 * Does the work with the power cut at the n-th moment of the disk: before a new file, after it was begun, before it gets its name. Then
 * nothing is tidied up. Resolves with whether the work was done.
 */
async function cutPowerAt(moment: number, work: () => Promise<unknown>): Promise<boolean> {
  const { open, rename, rm: remove } = fs;
  let left = moment;
  const expectPower = (): void => {
    if (left-- <= 0) throw new Error("the power is cut");
  };
  const changes = {
    open: async (...args: Parameters<typeof open>) => {
      if (args[1] !== "wx") return open(...args);
      expectPower();
      const file = await open(...args);
      if (left > 0) left--;
      else {
        await file.close();
        expectPower();
      }
      return file;
    },
    rename: async (...args: Parameters<typeof rename>) => {
      expectPower();
      await rename(...args);
    },
    rm: async (...args: Parameters<typeof remove>) => {
      if (left <= 0) expectPower();
      await remove(...args);
    },
  };
  try {
    Object.assign(fs, changes);
    syncBuiltinESMExports();
    return await work().then(
      () => true,
      () => false,
    );
  } finally {
    Object.assign(fs, { open, rename, rm: remove });
    syncBuiltinESMExports();
  }
}

let fixture: RegistryFixture;
beforeEach(async () => {
  fixture = await createRegistryFixture();
});
afterEach(async () => {
  await fixture.close();
});

const years = 5 * 365 * dayMs;
const rotate = (...roles: TufRole[]) =>
  rotateKeys(fixture.keysDir, { roles, lifetimeMs: years, nowMs: fixture.clock.nowMs() });
const at = (name: string): string => join(fixture.keysDir, name);
const load = () => loadRegistryKeys(fixture.keysDir);
const reopen = async () => fixture.open(await load());
const served = async (): Promise<readonly string[]> =>
  (await readdir(join(fixture.dir, "metadata"))).filter((name) => name.endsWith(".root.json")).sort();
const newPem = (): string => createKeyPair().privateKeyPem;
const spoil = async (): Promise<void> => {
  const text = await readFile(at("root.json"), "utf8");
  await writeFile(at("root.json"), text.replace('"version":1', '"version":2'));
};
/** A root of somebody who signs by `signer` alone. */
const forge = (version: number, signer = newKey()): Uint8Array => {
  const key = toTufKey(signer.publicKey);
  const keys = { root: key, targets: key, snapshot: key, timestamp: key };
  return signRoot({ version, issuedMs: startMs, lifetimeMs: years, keys }, [signer]);
};

describe("the next root", () => {
  it("is signed by the old and the new root key, and names new keys for the roles that were named alone", async () => {
    const before = parseRoot(await readFile(at("root.json")));
    const made = await rotate("root", "timestamp");
    const after = parseRoot(await readFile(at("root.json")), before);
    expect(after.signed).toMatchObject({ version: 2, expires: "2031-01-09T12:00:00Z" });
    expect(Object.keys(after.signatures)).toHaveLength(2);
    const changed = tufRoles.filter(
      (role) => before.signed.roles[role]?.keyIDs[0] !== after.signed.roles[role]?.keyIDs[0],
    );
    expect(changed).toEqual(["root", "timestamp"]);
    const short = (role: TufRole): string => made.keyIds[role].slice(0, 8);
    expect(made).toMatchObject({
      forCollector: [`timestamp-${short("timestamp")}.key`, "1.root.json", "root.json"],
      forOffline: [`root-${short("root")}.key`],
      replaced: ["root.key", "timestamp.key"],
    });
    expect(await readFile(at("1.root.json"))).toEqual(Buffer.from(encodeMetadata(before)));
    expect((await load()).timestamp.publicKey.keyId).not.toBe(fixture.keys.timestamp.publicKey.keyId);
    const again = await rotate("root");
    expect(again.replaced).toEqual(made.forOffline);
    expect(again.forCollector).toEqual([made.forCollector[0], "1.root.json", "2.root.json", "root.json"]);
  });

  it("has the same keys and a later end where no role is named, and only then", async () => {
    await expect(rotate()).rejects.toMatchObject({ code: "USAGE" });
    fixture.clock.pass(dayMs);
    expect(await rotate()).toMatchObject({
      version: 2,
      forCollector: ["1.root.json", "root.json"],
      replaced: [],
    });
    expect((await load()).timestamp.keyId).toBe(fixture.keys.timestamp.keyId);
  });

  it("is not replaced by a first one where no key has its first name any more", async () => {
    for (const file of (await rotate(...tufRoles)).replaced) await rm(at(file));
    await rm(at("release.key"));
    const before = await readFile(at("root.json"));
    const again = createInstallationKeys(fixture.keysDir, fixture.clock.nowMs());
    await expect(again).rejects.toMatchObject({ code: "KEY", subject: at("root.json") });
    expect(await readFile(at("root.json"))).toEqual(before);
  });

  it("needs the root key and the roots alone", async () => {
    const others = (await readdir(fixture.keysDir)).filter((name) => /^[^r].*\.(key|pub)$/.test(name));
    for (const name of others) await rm(at(name));
    expect(await rotate("targets")).toMatchObject({ version: 2 });
    // The new key went to the collector, and the old one was brought back with a copy.
    for (const name of await readdir(fixture.keysDir)) if (name.startsWith("targets-")) await rm(at(name));
    expect(await rotate("snapshot")).toMatchObject({ version: 3 });
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "the root key of another",
      () => writeFile(at("root.key"), newPem()),
      /root\.key is not the root key that root 1/,
    ],
    [
      "another's key of a role",
      () => writeFile(at("snapshot.key"), newPem()),
      /snapshot\.key is no snapshot key of any root/,
    ],
    [
      "a public half of another",
      () => cp(at("targets.pub"), at("timestamp.pub")),
      /timestamp\.pub is not the public half of timestamp\.key/,
    ],
    [
      "no root key",
      () => rm(at("root.key")),
      /the root key that root 1 names is missing: root-\w{8}\.key, or root\.key/,
    ],
    ["a root that nobody signed", spoil, /the root metadata is not good/],
    [
      "a newer root beside root.json",
      () => cp(at("root.json"), at("2.root.json")),
      /root\.json is older than 2\.root\.json/,
    ],
    [
      "a missing older root",
      async () => {
        await rotate("timestamp");
        await rm(at("1.root.json"));
      },
      /1\.root\.json is missing/,
    ],
    [
      "an older root of another installation",
      async () => {
        await rotate("timestamp");
        await writeFile(at("1.root.json"), forge(1));
      },
      /root\.json does not fit: root was signed by 0\/1 keys/,
    ],
    ["a clock behind the present root", async () => fixture.clock.set(startMs - 2000), /this clock says/],
  ])("is refused with %s, and nothing is written", async (_what, change, reason) => {
    await change();
    const before = await readdir(fixture.keysDir);
    await expect(rotate("timestamp")).rejects.toMatchObject({
      code: expect.stringMatching(/^(KEY|CLOCK)$/),
      message: expect.stringMatching(reason),
    });
    expect(await readdir(fixture.keysDir)).toEqual(before);
  });

  it("is there or is not, wherever the power is cut, and can be made then", async () => {
    const copy = join(fixture.keysDir, "..", "copy");
    await cp(fixture.keysDir, copy, { recursive: true });
    let cuts = 0;
    for (let isDone = false; !isDone; cuts++) {
      await rm(fixture.keysDir, { recursive: true });
      await cp(copy, fixture.keysDir, { recursive: true });
      isDone = await cutPowerAt(cuts, () => rotate(...tufRoles));
      const { timestamp, olderRoots } = await load();
      const isNew = timestamp.keyId !== fixture.keys.timestamp.keyId;
      expect([isDone, olderRoots.size]).toEqual([isNew, isNew ? 1 : 0]);
      expect(await rotate("timestamp")).toMatchObject({ version: isNew ? 3 : 2 });
    }
    expect(cuts).toBeGreaterThan(20);
  });
});

describe("a collector that is given the next root", () => {
  it("serves all roots from the first, signs by the new keys, and one with the old keys signs no more", async () => {
    await fixture.publish(sampleContents());
    await rotate("timestamp", "snapshot");
    await rotate("root", "targets");
    const keys = await load();
    const next = await fixture.open(keys);
    expect(await served()).toEqual(["1.root.json", "2.root.json", "3.root.json"]);
    expect(await next.readMetadata("1.root.json")).toEqual(new Uint8Array(fixture.keys.root));
    for (const registry of [fixture.registry, next]) {
      const timestamp = await registry.readMetadata("timestamp.json");
      expect(parseTimestamp(timestamp, parseRoot(keys.root))).not.toBeNull();
    }
    expect(next.list()).toHaveLength(1);
    const old = fixture.publish(sampleContents({ version: "1.1.0" }));
    await expect(old).rejects.toThrow(/another process has taken up root 3/);
  });

  it("begun anew serves the older roots as well", async () => {
    await rotate("timestamp");
    await rm(fixture.dir, { recursive: true });
    await reopen();
    expect(await served()).toEqual(["1.root.json", "2.root.json"]);
  });

  it("begun anew takes up no root of the future either", async () => {
    await rotateKeys(fixture.keysDir, { roles: [], lifetimeMs: 2 * years, nowMs: startMs + 2 * dayMs });
    await rm(fixture.dir, { recursive: true });
    await expect(reopen()).rejects.toMatchObject({ code: "CLOCK" });
  });

  it("without a key that was changed is told both names that its file may have", async () => {
    const { forCollector, replaced } = await rotate("timestamp");
    for (const file of [forCollector[0]!, ...replaced]) await rm(at(file));
    const message = `the timestamp key that root 2 names is missing: ${forCollector[0]}, or timestamp.key if it was never changed`;
    await expect(load()).rejects.toMatchObject({ code: "KEY", message });
  });

  it.each<[string, () => Promise<unknown>, string, RegExp]>([
    [
      "one that skips a version",
      async () => {
        await rotate("timestamp");
        await rotate("timestamp");
        await rm(at("2.root.json"));
      },
      "KEY",
      /2\.root\.json is missing/,
    ],
    [
      "one that says another version than its name",
      async () => {
        await rotate("timestamp");
        await rotate("timestamp");
        await cp(at("root.json"), at("2.root.json"));
      },
      "KEY",
      /2\.root\.json cannot follow root 1: root 3 does not follow root 1/,
    ],
    [
      "one that the old root key did not sign",
      async () => {
        const signer = newKey();
        await writeFile(at("root.json"), forge(2, signer));
        return { targets: signer, snapshot: signer, timestamp: signer };
      },
      "KEY",
      /root\.json cannot follow root 1: root was signed by 0\/1 keys/,
    ],
    [
      "another one of the same version",
      async () => {
        await cp(fixture.keysDir, at("../other"), { recursive: true });
        await rotate("timestamp");
        await reopen();
        await rm(fixture.keysDir, { recursive: true });
        await rename(at("../other"), fixture.keysDir);
        await rotate("timestamp");
      },
      "KEY",
      /root\.json is another root 2 than the one that is served/,
    ],
    [
      "an older one",
      async () => {
        await cp(fixture.keysDir, at("../other"), { recursive: true });
        await rotate("root");
        await reopen();
        await rm(fixture.keysDir, { recursive: true });
        await rename(at("../other"), fixture.keysDir);
      },
      "KEY",
      /root\.json is root 1, and root 2 is served already/,
    ],
    [
      "one with the old key of a role",
      async () => {
        const made = await rotate("timestamp");
        await rm(at(made.forCollector[0]!));
      },
      "KEY",
      /timestamp\.key is not the timestamp key that root 2 names/,
    ],
    [
      "one of the future",
      async () => {
        fixture.clock.set(startMs + 700 * dayMs);
        await rotate("timestamp");
        fixture.clock.set(startMs);
      },
      "CLOCK",
      /root 2 was made at 2027-12-/,
    ],
  ])("refuses %s by name, and serves what it served", async (_what, change, code, reason) => {
    const keys = (await change()) as object | undefined;
    const before = await served();
    const opened =
      keys === undefined
        ? reopen()
        : fixture.open({ ...fixture.keys, ...keys, root: await readFile(at("root.json")) });
    await expect(opened).rejects.toMatchObject({ code, message: expect.stringMatching(reason) });
    expect(await served()).toEqual(before);
  });

  it("signs nothing by a root that has ended", async () => {
    await rotateKeys(fixture.keysDir, { roles: ["timestamp"], lifetimeMs: dayMs, nowMs: startMs });
    fixture.clock.pass(2 * dayMs);
    await expect((await reopen()).refresh()).rejects.toMatchObject({ code: "CLOCK" });
  });

  it("goes on where the power was cut between two writes", async () => {
    await fixture.publish(sampleContents());
    const copy = join(fixture.dir, "..", "copy");
    await cp(fixture.dir, copy, { recursive: true });
    await rotate("timestamp", "targets");
    await rotate("root", "snapshot");
    const keys = await load();
    let cuts = 0;
    for (let isDone = false; !isDone; cuts++) {
      await rm(fixture.dir, { recursive: true });
      await cp(copy, fixture.dir, { recursive: true });
      isDone = await cutPowerAt(cuts, async () => (await fixture.open(keys)).refresh());
      const again = await fixture.open(keys);
      const timestamp = (await again.readMetadata("timestamp.json"))!;
      expect(parseTimestamp(timestamp, parseRoot(keys.root))).not.toBeNull();
      expect(await served()).toHaveLength(3);
      expect(again.list()).toHaveLength(1);
    }
    expect(cuts).toBeGreaterThan(12);
  });
});
