import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeFileSystem } from "../../../src/core/platform/files/file-system.ts";
import { prepareScratch } from "../../../src/gateway/updates/tuf-metadata.ts";
import { sampleContents } from "../../core/bundle/sample-bundle.ts";
import { createUpdateFixture, type Gateway, type UpdateFixture } from "./update-fixture.ts";

let fixture: UpdateFixture;
let gateway: Gateway;
beforeEach(async () => {
  fixture = await createUpdateFixture();
  gateway = await fixture.gateway();
  await fixture.publish(sampleContents({ version: "1.1.0" }));
});
afterEach(() => fixture.close());

describe("a disk that takes nothing more", () => {
  it("while fetching delays the update, which is reported once and tried again", async () => {
    const downloads = join(gateway.stateDir, "download");
    const part = join(downloads, `${fixture.registry.list()[0]!.sha256}.part`);
    // The updater tidies its folder when it finds something new: let it find it first.
    fixture.misbehave((path, _request, response) => {
      if (!path.startsWith("/targets/")) return false;
      response.writeHead(500).end();
      return true;
    });
    await gateway.updater.checkNow();
    fixture.misbehave(null);
    await mkdir(downloads, { recursive: true });
    await symlink("/dev/full", part);
    for (let look = 0; look < 2; look++) {
      expect(await gateway.updater.checkNow()).toMatchObject({
        kind: "refused",
        final: false,
        reason: expect.stringContaining("ENOSPC"),
      });
    }
    expect(gateway.story()).toEqual(["refused 1.1.0"]);
    await rm(part);
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated" });
  });

  it("while staging delays it, too, however often it happens", async () => {
    await mkdir(gateway.stateDir, { recursive: true });
    await writeFile(join(gateway.stateDir, "slots"), "in the way");
    for (let look = 0; look < 5; look++) {
      expect(await gateway.updater.checkNow()).toMatchObject({ kind: "refused", final: false });
    }
    expect(gateway.story()).toEqual(["fetched 1.1.0", "verified 1.1.0", "refused 1.1.0"]);
    await rm(join(gateway.stateDir, "slots"));
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated" });
  });

  it("before the first look is STORE, though the client's folder is no part of the port", async () => {
    await mkdir(gateway.stateDir, { recursive: true });
    const inTheWay = join(gateway.stateDir, "metadata");
    await writeFile(inTheWay, "in the way");
    const prepared = prepareScratch(nodeFileSystem, inTheWay, Buffer.from("{}"));
    await expect(prepared).rejects.toMatchObject({ code: "STORE" });
  });

  it("with too little room for the tar is seen before a byte is asked for, and told once however much is free", async () => {
    let freeBytes = 1000;
    const files = { ...nodeFileSystem, freeBytes: async () => freeBytes++ };
    const short = await fixture.gateway({ files });
    const { sha256, sizeBytes } = fixture.registry.list()[0]!;
    for (let look = 0; look < 2; look++) {
      expect(await short.updater.checkNow()).toMatchObject({
        kind: "refused",
        final: false,
        reason: `too little room: ${3 * sizeBytes} bytes are needed (free some space)`,
      });
    }
    expect(short.story()).toEqual(["refused 1.1.0"]);
    expect(fixture.requests.filter((path) => path.includes(sha256))).toEqual([]);
  });

  it("never stops the updater when nothing at all can be written", async () => {
    const file = join(fixture.base, "a-file");
    await writeFile(file, "");
    const lost = await fixture.gateway({ stateDir: join(file, "state") });
    expect(await lost.updater.checkNow()).toMatchObject({ kind: "unreachable" });
    expect(await readFile(file, "utf8")).toBe("");
  });
});
