import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { dayMs } from "../../../src/core/maths/durations.ts";
import { nodeFileSystem } from "../../../src/core/platform/files/file-system.ts";
import { openSlots } from "../../../src/core/serving/slots.ts";

import { newKey, sampleContents } from "../../core/bundle/sample-bundle.ts";
import { createUpdateFixture, type UpdateFixture } from "./update-fixture.ts";

let fixture: UpdateFixture;
beforeEach(async () => {
  fixture = await createUpdateFixture();
});
afterEach(() => fixture.close());

const wholeStory = (version: string): string[] =>
  ["fetched", "verified", "staged", "proved", "activated"].map((step) => `${step} ${version}`);

describe("an update", () => {
  it("is fetched, verified, staged, proved and activated, and the old bundle is kept", async () => {
    const published = await fixture.publish(sampleContents({ version: "1.1.0" }));
    const gateway = await fixture.gateway();
    const outcome = await gateway.updater.checkNow();
    expect(outcome).toEqual({
      kind: "activated",
      version: "1.1.0",
      slotDir: join(gateway.stateDir, "slots", "a"),
    });
    expect(gateway.story()).toEqual(wholeStory("1.1.0"));
    expect(
      gateway.steps.every((step) => step.fromVersion === "1.0.0" && step.modelName === "bearing-sample"),
    ).toBe(true);
    expect(gateway.activated.map(({ bundle }) => bundle.digest)).toEqual([published.digest]);
    expect((await openSlots(gateway.stateDir, nodeFileSystem).active())?.digest).toBe(published.digest);
    await verifyBundle(join(fixture.base, "shipped"), [fixture.release.publicKey]);
    expect(await readdir(join(gateway.stateDir, "download"))).toEqual([]);
  });

  it("goes to the slot that does not serve, time after time", async () => {
    const gateway = await fixture.gateway();
    for (const [version, slot] of [
      ["1.1.0", "a"],
      ["1.2.0", "b"],
      ["1.10.0", "a"],
    ] as const) {
      await fixture.publish(sampleContents({ version }));
      const outcome = await gateway.updater.checkNow();
      expect(outcome).toMatchObject({ kind: "activated", version });
      const pointer = await openSlots(gateway.stateDir, nodeFileSystem).active();
      expect(pointer?.slot).toBe(slot);
      expect(pointer?.previous?.slot ?? null).toBe(version === "1.1.0" ? null : slot === "a" ? "b" : "a");
    }
    expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
  });

  it("is the newest of its model, and nothing that is older, equal or another model's", async () => {
    for (const version of ["0.9.0", "1.0.0-rc.1", "1.3.0", "1.2.0"])
      await fixture.publish(sampleContents({ version }));
    await fixture.publish(sampleContents({ name: "another", version: "9.0.0" }));
    const gateway = await fixture.gateway();
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated", version: "1.3.0" });
    const old = await fixture.gateway({
      active: () => ({ ...gateway.active(), version: "2.0.0", digest: "f".repeat(64) }),
    });
    fixture.requests.length = 0;
    expect(await old.updater.checkNow()).toEqual({ kind: "current" });
    expect(fixture.requests.filter((path) => path.startsWith("/targets/"))).toEqual([]);
  });

  it("is refused once when it has the version that serves and other content", async () => {
    await fixture.publish(sampleContents({}, "other weights"));
    const gateway = await fixture.gateway();
    for (let look = 0; look < 2; look++)
      expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
    expect(gateway.story()).toEqual(["refused 1.0.0"]);
  });

  it("is refused for good when it needs another features catalogue or runtime, and the next best is taken", async () => {
    const features = { ...sampleContents().manifest.features, catalogueVersion: 2 };
    await fixture.publish(sampleContents({ version: "1.3.0", features }));
    await fixture.publish(sampleContents({ version: "1.2.0", runtime: ">=2.0.0" }));
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    const gateway = await fixture.gateway();
    expect(await gateway.updater.checkNow()).toMatchObject({
      kind: "refused",
      version: "1.3.0",
      final: true,
    });
    expect(await gateway.updater.checkNow()).toMatchObject({
      kind: "refused",
      version: "1.2.0",
      final: true,
    });
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated", version: "1.1.0" });
    fixture.requests.length = 0;
    expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
    expect(fixture.requests.filter((path) => path.startsWith("/targets/"))).toEqual([]);
    expect(gateway.steps.find((step) => step.toVersion === "1.3.0" && step.step === "refused")?.detail).toBe(
      "needs features catalogue 2, this runtime has 1",
    );
  });

  it("is refused for good when its levels need another catalogue, or it does not fit the gateway, and costs no slot", async () => {
    const { features } = sampleContents().manifest;
    const levels = { ...features, catalogueVersion: 2 };
    const baseline = { levels, reference: [null, null], minWindows: 16 };
    const gateway = await fixture.gateway({
      findMisfit: ({ version }) => (version === "1.3.0" ? "it takes samples in m/s2" : null),
    });
    for (const version of ["1.1.0", "1.2.0"]) {
      await fixture.publish(sampleContents({ version }));
      expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated", version });
    }
    const pointer = await openSlots(gateway.stateDir, nodeFileSystem).active();
    await fixture.publish(sampleContents({ version: "1.3.0" }));
    await fixture.publish(sampleContents({ version: "1.4.0", baseline }));
    for (const [version, reason] of [
      ["1.4.0", "needs features catalogue 2, this runtime has 1"],
      ["1.3.0", "does not fit this gateway: it takes samples in m/s2"],
    ]) {
      const outcome = await gateway.updater.checkNow();
      expect(outcome).toEqual({ kind: "refused", version, reason, final: true });
      expect(gateway.steps.at(-1)).toMatchObject({ step: "refused", toVersion: version, detail: reason });
    }
    expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
    expect(await openSlots(gateway.stateDir, nodeFileSystem).active()).toEqual(pointer);
    expect(pointer?.previous).not.toBeNull();
  });

  it("that was refused is tried again by a newer runtime", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0", runtime: ">=0.2.0" }));
    const gateway = await fixture.gateway();
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "refused", final: true });
    const newer = await fixture.gateway({ runtime: { runtimeVersion: "0.2.0" } }, gateway.stateDir);
    expect(await newer.updater.checkNow()).toMatchObject({ kind: "activated" });
  });

  it("that did not fit a configuration is tried again under another one, and not again under the same", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    const misfit = { findMisfit: () => "maps none of WT1", configDigest: "one" };
    const gateway = await fixture.gateway(misfit);
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "refused", final: true });
    const same = await fixture.gateway({ configDigest: "one" }, gateway.stateDir);
    expect(await same.updater.checkNow()).toEqual({ kind: "current" });
    const mended = await fixture.gateway({ configDigest: "other" }, gateway.stateDir);
    expect(await mended.updater.checkNow()).toMatchObject({ kind: "activated" });
  });

  it("that did not fit what a device sends is tried again once that sends something else, also after a restart, and not before", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    let rateHz = 12_000;
    const devices = {
      findSent: () =>
        rateHz === 12_000
          ? { misfit: "the device of WT1/pump sends 12000 Hz", sent: `pump-1/accel: ${rateHz} Hz, g` }
          : null,
      isSentOver: (sent: string) => sent !== `pump-1/accel: ${rateHz} Hz, g`,
      configDigest: "one",
    };
    const gateway = await fixture.gateway(devices);
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "refused", final: true });
    expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
    const restarted = await fixture.gateway(devices, gateway.stateDir);
    expect(await restarted.updater.checkNow()).toEqual({ kind: "current" });
    rateHz = 25_600;
    expect(await restarted.updater.checkNow()).toMatchObject({ kind: "activated", version: "1.1.0" });
  });

  it("is refused when the repository vouches for it and the release key does not", async () => {
    const stranger = newKey();
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    const gateway = await fixture.gateway({ trustedKeys: [stranger.publicKey] });
    const outcome = await gateway.updater.checkNow();
    expect(outcome).toMatchObject({ kind: "refused", final: true });
    expect(gateway.story()).toEqual(["fetched 1.1.0", "refused 1.1.0"]);
    expect(gateway.activated).toEqual([]);
  });

  it("is refused when its golden vectors are for another model", async () => {
    const contents = sampleContents({ version: "1.1.0", groups: ["level", "shape", "third"] });
    await fixture.publish(contents);
    const gateway = await fixture.gateway();
    expect(await gateway.updater.checkNow()).toMatchObject({
      kind: "refused",
      reason: "golden.bin is for 2 features, 1 outputs and 2 groups",
    });
  });
});

describe("a power cut", () => {
  it("after any step is survived: the next start ends where the first would have", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    const copies: [string, string][] = [];
    const gateway = await fixture.gateway({
      onStep: async (record) => {
        const copy = join(fixture.base, `cut-before-${record.step}-is-written`);
        await cp(gateway.stateDir, copy, { recursive: true });
        copies.push([record.step, copy]);
      },
    });
    await gateway.updater.checkNow();
    expect(copies.map(([step]) => step)).toEqual(["fetched", "verified", "staged", "proved", "activated"]);
    for (const [step, copy] of copies) {
      // The gateway restarts with the old bundle, or, once the pointer was turned, with the new one.
      const pointer = await openSlots(copy, nodeFileSystem).active();
      expect(pointer !== null, step).toBe(step === "activated");
      if (pointer === null) {
        const again = await fixture.gateway({}, copy);
        expect(await again.updater.checkNow(), step).toMatchObject({ kind: "activated", version: "1.1.0" });
        expect(again.story()[0], step).toBe(`${step} 1.1.0`);
      } else {
        const dir = (state: string): string => join(state, "slots", pointer.slot);
        const again = await fixture.gateway({}, copy);
        const serving = { ...gateway.active(), dir: dir(again.stateDir) };
        const restarted = await fixture.gateway({ stateDir: again.stateDir, active: () => serving });
        expect(await restarted.updater.checkNow()).toEqual({ kind: "current" });
        expect(restarted.story()).toEqual(["activated 1.1.0"]);
      }
    }
  });

  it("between serving and pointing is mended at the next look", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    const gateway = await fixture.gateway();
    await gateway.updater.checkNow();
    await writeFile(join(gateway.stateDir, "active"), "garbage");
    await expect(openSlots(gateway.stateDir, nodeFileSystem).active()).rejects.toThrow("is damaged");
    expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
    expect((await openSlots(gateway.stateDir, nodeFileSystem).active())?.slot).toBe("a");
  });

  it("does not need the network to go on once all was fetched", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    const copy = join(fixture.base, "cut");
    const gateway = await fixture.gateway({
      onStep: async (record) => {
        if (record.step === "verified") await cp(gateway.stateDir, copy, { recursive: true });
      },
    });
    await gateway.updater.checkNow();
    fixture.reachable(false);
    const again = await fixture.gateway({}, copy);
    expect(await again.updater.checkNow()).toMatchObject({ kind: "activated", version: "1.1.0" });
  });

  it("that damages any file of the state never bricks", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    const gateway = await fixture.gateway();
    await gateway.updater.checkNow();
    const files = (await readdir(gateway.stateDir, { recursive: true, withFileTypes: true })).filter((one) =>
      one.isFile(),
    );
    expect(files.length).toBeGreaterThan(10);
    await fixture.publish(sampleContents({ version: "1.2.0" }));
    for (const file of files) {
      const again = await fixture.gateway({}, gateway.stateDir);
      const path = join(file.parentPath.replace(gateway.stateDir, again.stateDir), file.name);
      const bytes = await readFile(path);
      await writeFile(path, bytes.subarray(0, bytes.length >> 1));
      expect(await again.updater.checkNow(), path).toMatchObject({ kind: "activated", version: "1.2.0" });
    }
  });
});

describe("taking into service", () => {
  it("may fail: the old bundle stays the active one, and it is tried again", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    let calls = 0;
    const failing = await fixture.gateway({
      onActivate: () => {
        calls++;
        return Promise.reject(new Error("out of memory"));
      },
    });
    expect(await failing.updater.checkNow()).toMatchObject({
      kind: "refused",
      final: false,
      reason: "could not be taken into service: out of memory",
    });
    expect(await openSlots(failing.stateDir, nodeFileSystem).active()).toBeNull();
    await failing.updater.checkNow();
    expect(await failing.updater.checkNow()).toMatchObject({ kind: "refused", final: true });
    expect(await failing.updater.checkNow()).toEqual({ kind: "current" });
    expect(calls).toBe(3);
  });
});

describe("withdrawing", () => {
  it("stops an update that is not active yet", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    const gateway = await fixture.gateway({ prover: await fixture.prover("process.exit(9);") });
    await gateway.updater.checkNow();
    expect(await readdir(join(gateway.stateDir, "download"))).toHaveLength(1);
    await fixture.registry.withdraw("bearing-sample", "1.1.0");
    fixture.clock.pass(dayMs);
    expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
    expect(await readdir(join(gateway.stateDir, "download"))).toEqual([]);
  });
});
