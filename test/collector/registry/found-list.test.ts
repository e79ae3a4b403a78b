import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadRegistryKeys } from "../../../src/collector/registry/installation-keys.ts";
import { createMetadataFolder } from "../../../src/collector/registry/metadata-folder.ts";
import type { Registry } from "../../../src/collector/registry/registry.ts";
import { rotateKeys } from "../../../src/collector/registry/rotate-keys.ts";
import type { TufRole } from "../../../src/collector/registry/sign-root.ts";
import { parseRoot } from "../../../src/core/bundle/update-metadata.ts";
import { dayMs } from "../../../src/core/maths/durations.ts";
import { parseTimestamp } from "../../../src/gateway/updates/tuf-metadata.ts";
import { newKey, sampleContents } from "../../core/bundle/sample-bundle.ts";
import { createRegistryFixture, type RegistryFixture, signAbove, startMs } from "./registry-fixture.ts";

let fixture: RegistryFixture;
beforeEach(async () => {
  fixture = await createRegistryFixture();
  await fixture.publish(sampleContents());
});
afterEach(async () => {
  await fixture.close();
});

/** Makes the next root, and opens the registry with its keys. */
async function rotate(...roles: TufRole[]): Promise<Registry> {
  await rotateKeys(fixture.keysDir, { roles, lifetimeMs: 5 * 365 * dayMs, nowMs: fixture.clock.nowMs() });
  return fixture.open(await loadRegistryKeys(fixture.keysDir));
}

async function versions(): Promise<readonly number[]> {
  const { root } = await loadRegistryKeys(fixture.keysDir);
  const state = await createMetadataFolder(join(fixture.dir, "metadata")).readState(parseRoot(root));
  return [state!.targets, state!.snapshot, state!.timestamp].map(({ signed }) => signed.version);
}

describe("a list that is found signed by others", () => {
  it.each<TufRole>(["timestamp", "snapshot", "targets"])(
    "is signed anew above its versions where a process with the old key of %s has signed it since",
    async (role) => {
      const registry = await rotate(role);
      await registry.refresh();
      const { root } = await loadRegistryKeys(fixture.keysDir);
      const { timestamp } = await signAbove(0, {
        ...fixture,
        keys: { ...(await loadRegistryKeys(fixture.keysDir)), [role]: fixture.keys[role] },
      });
      const served = parseTimestamp(await registry.readMetadata("timestamp.json"), parseRoot(root));
      expect(served).not.toBeNull();
      expect(Math.min(...(await versions()))).toBeGreaterThan(timestamp.signed.version);
      expect(registry.list()).toHaveLength(1);
      expect(await registry.refresh()).toBe(false);
    },
  );

  it("ends, at the highest version there is, what the keys that signed it can sign, and other keys begin anew", async () => {
    await signAbove(9_999_999_998, fixture);
    const refreshed = fixture.open().then((registry) => registry.refresh());
    const message = expect.stringContaining("there is no version above 9999999999");
    await expect(refreshed).rejects.toMatchObject({ code: "KEY", message });
    const registry = await rotate("targets", "snapshot", "timestamp");
    expect(registry.list()).toHaveLength(1);
    expect(await versions()).toEqual([startMs / 1000, startMs / 1000, startMs / 1000]);
  });

  it("is refused where no key of any root has signed it", async () => {
    await signAbove(0, { ...fixture, keys: { ...fixture.keys, snapshot: newKey() } });
    const message = "no key of the roots has signed snapshot.json";
    await expect(fixture.open()).rejects.toMatchObject({ code: "KEY", message });
    await expect(rotate("timestamp")).rejects.toMatchObject({ code: "KEY", message });
  });
});
