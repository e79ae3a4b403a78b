import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Updater } from "tuf-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createInstallationKeys,
  loadRegistryKeys,
} from "../../../src/collector/registry/installation-keys.ts";
import { createRegistry } from "../../../src/collector/registry/registry.ts";
import { unpackTar } from "../../../src/core/bundle/tar.ts";
import { verifyBundleFiles } from "../../../src/core/bundle/verify-bundle.ts";
import { dayMs, hourMs } from "../../../src/core/maths/durations.ts";
import { newKey, sampleContents } from "../../core/bundle/sample-bundle.ts";
import { createRegistryFixture, type RegistryFixture, startMs, versionAtStart } from "./registry-fixture.ts";

let fixture: RegistryFixture;
beforeEach(async () => {
  fixture = await createRegistryFixture();
});
afterEach(async () => {
  vi.useRealTimers();
  await fixture.close();
});

const code = (value: string): Error => expect.objectContaining({ code: value });

/** The unmodified TUF client, as anybody could run it against our repository. */
async function tufClient(url: string, root: Uint8Array, of = `${Math.random()}`): Promise<Updater> {
  const dir = join(fixture.dir, "..", `client-${of}`);
  await mkdir(join(dir, "targets"), { recursive: true });
  await writeFile(join(dir, "root.json"), root);
  vi.useFakeTimers({ toFake: ["Date"], now: fixture.clock.nowMs() });
  return new Updater({
    metadataDir: dir,
    metadataBaseUrl: `${url}/metadata`,
    targetDir: join(dir, "targets"),
    targetBaseUrl: `${url}/targets`,
  });
}

/** A folder is copied, a gateway sees what is published a day later, and the folder is lost; gives the copy. */
async function loseAfterCopy(): Promise<string> {
  const copy = join(fixture.dir, "..", "copy");
  await fixture.publish(sampleContents());
  await cp(fixture.dir, copy, { recursive: true });
  fixture.clock.pass(dayMs);
  await fixture.publish(sampleContents({ version: "1.0.1" }));
  const before = await tufClient(await fixture.serve(), fixture.keys.root, "same");
  expect(await before.getTargetInfo("bearing-sample/1.0.1.tar")).toBeDefined();
  fixture.clock.pass(dayMs);
  await rm(fixture.dir, { recursive: true });
  return copy;
}

describe("installation keys", () => {
  it("are five pairs for the owner alone and a root that tells who may sign what", async () => {
    const names = (await readdir(fixture.keysDir)).sort();
    expect(names.filter((name) => name.endsWith(".key"))).toEqual([
      "release.key",
      "root.key",
      "snapshot.key",
      "targets.key",
      "timestamp.key",
    ]);
    for (const name of names.filter((one) => one.endsWith(".key"))) {
      expect((await stat(join(fixture.keysDir, name))).mode & 0o777).toBe(0o600);
    }
    const root = JSON.parse(await readFile(join(fixture.keysDir, "root.json"), "utf8")) as {
      signed: { consistent_snapshot: boolean; roles: object };
    };
    expect(root.signed.consistent_snapshot).toBe(true);
    expect(Object.keys(root.signed.roles).sort()).toEqual(["root", "snapshot", "targets", "timestamp"]);
    await expect(createInstallationKeys(fixture.keysDir, 0)).rejects.toThrow(code("KEY"));
  });
});

describe("the registry", () => {
  it("publishes a bundle that the plain TUF client fetches and that verifies", async () => {
    const published = await fixture.publish(sampleContents());
    const url = await fixture.serve();
    const client = await tufClient(url, fixture.keys.root);
    const info = await client.getTargetInfo("bearing-sample/1.0.0.tar");
    expect(info?.custom).toEqual({ name: "bearing-sample", version: "1.0.0", digest: published.digest });
    const path = await client.downloadTarget(info!);
    const files = unpackTar(await readFile(path));
    const bundle = await verifyBundleFiles(files, [fixture.release.publicKey], "tar");
    expect(bundle.digest).toBe(published.digest);
  });

  it("is the same after it was opened again, and lists the newest version first", async () => {
    for (const version of ["1.2.0", "1.10.0", "1.10.0-rc.1"])
      await fixture.publish(sampleContents({ version }));
    await fixture.publish(sampleContents({ name: "another" }));
    const again = await fixture.open();
    expect(again.list()).toEqual(fixture.registry.list());
    expect(again.list().map((one) => `${one.name} ${one.version}`)).toEqual([
      "another 1.0.0",
      "bearing-sample 1.10.0",
      "bearing-sample 1.10.0-rc.1",
      "bearing-sample 1.2.0",
    ]);
  });

  it("takes the same bundle twice and refuses another one under the same version", async () => {
    const first = await fixture.publish(sampleContents());
    expect(await fixture.publish(sampleContents())).toEqual(first);
    await expect(fixture.publish(sampleContents({}, "other weights"))).rejects.toThrow(code("UPDATE"));
  });

  it("publishes nothing that no trusted key has signed", async () => {
    await expect(fixture.publish(sampleContents(), newKey())).rejects.toThrow(code("BUNDLE_SIGNATURE"));
    expect(fixture.registry.list()).toEqual([]);
  });

  it("withdraws a version", async () => {
    await fixture.publish(sampleContents());
    expect(await fixture.registry.withdraw("bearing-sample", "1.0.0")).toBe(true);
    expect(await fixture.registry.withdraw("bearing-sample", "1.0.0")).toBe(false);
    const client = await tufClient(await fixture.serve(), fixture.keys.root);
    expect(await client.getTargetInfo("bearing-sample/1.0.0.tar")).toBeUndefined();
  });

  it("publishes many at once without losing one", async () => {
    const versions = Array.from({ length: 12 }, (_, index) => `1.0.${index}`);
    await Promise.all(versions.map((version) => fixture.publish(sampleContents({ version }))));
    expect(fixture.registry.list()).toHaveLength(12);
    expect((await fixture.open()).list()).toHaveLength(12);
  });

  it("signs anew what has used up half of its life, and only that", async () => {
    await fixture.publish(sampleContents());
    expect(await fixture.registry.refresh()).toBe(false);
    const client = await tufClient(await fixture.serve(), fixture.keys.root);
    await client.refresh();
    const versions = async (): Promise<string[]> => (await readdir(join(fixture.dir, "metadata"))).sort();
    const before = await versions();
    const named = (kind: string): string => `${fixture.clock.nowMs() / 1000}.${kind}.json`;
    fixture.clock.pass(4 * dayMs);
    expect(await fixture.registry.refresh()).toBe(true);
    expect(await versions()).toEqual(before);
    fixture.clock.pass(20 * dayMs);
    expect(await fixture.registry.refresh()).toBe(true);
    expect((await versions()).filter((name) => !before.includes(name))).toEqual([named("snapshot")]);
    fixture.clock.pass(200 * dayMs);
    expect(await fixture.registry.refresh()).toBe(true);
    expect(await versions()).toContain(named("targets"));
    expect(fixture.registry.list()).toHaveLength(1);
  });

  it("serves a fresh timestamp by itself, long after the last one ended", async () => {
    await fixture.publish(sampleContents());
    const url = await fixture.serve();
    fixture.clock.pass(300 * dayMs);
    const client = await tufClient(url, fixture.keys.root);
    expect(await client.getTargetInfo("bearing-sample/1.0.0.tar")).toBeDefined();
  });

  const issued = async (): Promise<string> => {
    const text = Buffer.from(await fixture.metadata("timestamp.json")).toString();
    return (JSON.parse(text) as { signed: { "x-aurora-issued": string } }).signed["x-aurora-issued"];
  };

  it("takes back what it said of the time by a clock that was ahead", async () => {
    fixture.clock.set(startMs + 365 * dayMs);
    expect(await issued()).toBe("2027-01-10T12:00:00Z");
    fixture.clock.set(startMs + dayMs);
    expect(await issued()).toBe("2026-01-11T12:00:00Z");
    expect(await fixture.registry.refresh()).toBe(false);
  });

  it("begun after the end of its root offers nothing until its clock is right", async () => {
    fixture.clock.set(startMs + 6 * 365 * dayMs);
    const dir = join(fixture.dir, "..", "late");
    const { keys, clock } = fixture;
    const late = await createRegistry({ dir, keys, clock, trustedKeys: [] });
    expect([late.list(), await late.readMetadata("timestamp.json")]).toEqual([[], null]);
    await expect(late.refresh()).rejects.toMatchObject({
      code: "CLOCK",
      hint: expect.stringContaining("KEYS.md"),
    });
    fixture.clock.set(startMs + dayMs);
    expect(await late.refresh()).toBe(true);
    expect(await late.readMetadata("timestamp.json")).not.toBeNull();
  });

  it("never says that it is before its root, and refuses to sign past the end of that", async () => {
    expect(await issued()).toBe("2026-01-10T12:00:00Z");
    fixture.clock.set(startMs - 30 * dayMs);
    await fixture.publish(sampleContents());
    expect(await issued()).toBe("2026-01-10T12:00:00Z");
    fixture.clock.set(startMs + 6 * 365 * dayMs);
    await expect(fixture.publish(sampleContents({ version: "2.0.0" }))).rejects.toThrow(code("CLOCK"));
  });

  it.each(["restored from a copy", "begun anew"])(
    "%s is ahead of what gateways have seen, at their first question",
    async (how) => {
      const copy = await loseAfterCopy();
      if (how !== "begun anew") await cp(copy, fixture.dir, { recursive: true });
      const restored = await fixture.open();
      const after = await tufClient(await fixture.serve(restored), fixture.keys.root, "same");
      expect(await after.getTargetInfo("bearing-sample/1.0.1.tar")).toBeUndefined();
      const kept = await after.getTargetInfo("bearing-sample/1.0.0.tar");
      expect(kept === undefined).toBe(how === "begun anew");
      expect(await restored.refresh()).toBe(false);
    },
  );

  it.each([30, 1.5])(
    "restored while its clock was %d days behind, is ahead once that is set",
    async (days) => {
      const copy = await loseAfterCopy();
      await cp(copy, fixture.dir, { recursive: true });
      fixture.clock.set(fixture.clock.nowMs() - days * dayMs);
      const restored = await fixture.open();
      expect(await restored.refresh()).toBe(true);
      fixture.clock.pass(hourMs);
      expect(await restored.refresh()).toBe(false);
      fixture.clock.set(fixture.clock.nowMs() + days * dayMs);
      const after = await tufClient(await fixture.serve(restored), fixture.keys.root, "same");
      expect(await after.getTargetInfo("bearing-sample/1.0.0.tar")).toBeDefined();
      expect(await after.getTargetInfo("bearing-sample/1.0.1.tar")).toBeUndefined();
      expect(await restored.refresh()).toBe(false);
    },
  );

  it("keeps only some old versions of its metadata", async () => {
    for (let index = 0; index < 20; index++) {
      fixture.clock.pass(60_000);
      await fixture.publish(sampleContents({ version: `1.0.${index}` }));
    }
    expect((await readdir(join(fixture.dir, "metadata"))).length).toBeLessThan(36);
    const client = await tufClient(await fixture.serve(), fixture.keys.root);
    expect(await client.getTargetInfo("bearing-sample/1.0.0.tar")).toBeDefined();
  });

  it("is whole after a power cut before the timestamp was written", async () => {
    await fixture.publish(sampleContents());
    const timestamp = await readFile(join(fixture.dir, "metadata", "timestamp.json"));
    await fixture.publish(sampleContents({ version: "1.0.1" }));
    await writeFile(join(fixture.dir, "metadata", "timestamp.json"), timestamp);
    const again = await fixture.open();
    expect(again.list().map((one) => one.version)).toEqual(["1.0.0"]);
  });

  it("says so when its folder is damaged or its keys are of another installation", async () => {
    await fixture.publish(sampleContents());
    await rm(join(fixture.dir, "metadata", `${versionAtStart(2)}.snapshot.json`));
    await expect(fixture.open()).rejects.toThrow(code("STORE"));
    const other = join(fixture.dir, "..", "other-keys");
    await createInstallationKeys(other, startMs);
    await cp(join(other, "root.json"), join(fixture.keysDir, "root.json"));
    await expect(loadRegistryKeys(fixture.keysDir)).rejects.toThrow(
      /targets\.key is not the targets key that root 1 names/,
    );
  });

  it("has no metadata of a name that is missing, and does not call unreadable metadata missing", async () => {
    expect(await fixture.registry.readMetadata("9.snapshot.json")).toBeNull();
    await mkdir(join(fixture.dir, "metadata", "9.snapshot.json"));
    await expect(fixture.registry.readMetadata("9.snapshot.json")).rejects.toThrow(code("DATA_MISSING"));
  });
});
