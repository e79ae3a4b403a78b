import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseRange } from "../../../src/collector/registry/registry-routes.ts";
import { sampleContents } from "../../core/bundle/sample-bundle.ts";
import { createRegistryFixture, type RegistryFixture, versionAtStart } from "./registry-fixture.ts";

let fixture: RegistryFixture;
let url: string;
let target: string;
let sizeBytes: number;
beforeEach(async () => {
  fixture = await createRegistryFixture();
  const published = await fixture.publish(sampleContents());
  url = await fixture.serve();
  target = `${url}/targets/bearing-sample/${published.sha256}.1.0.0.tar`;
  sizeBytes = published.sizeBytes;
});
afterEach(() => fixture.close());

describe("the registry's routes", () => {
  it("serve a tar whole, in part, and not at all when it is known", async () => {
    const whole = await fetch(target);
    const bytes = Buffer.from(await whole.arrayBuffer());
    expect([whole.status, bytes.length]).toEqual([200, sizeBytes]);
    const etag = whole.headers.get("etag")!;

    const part = await fetch(target, { headers: { range: "bytes=1000-1999" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 1000-1999/${sizeBytes}`);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1000, 2000))).toBe(true);

    const rest = await fetch(target, { headers: { range: "bytes=1000-", "if-range": etag } });
    expect(Buffer.from(await rest.arrayBuffer()).equals(bytes.subarray(1000))).toBe(true);
    const changed = await fetch(target, { headers: { range: "bytes=1000-", "if-range": '"other"' } });
    expect([changed.status, (await changed.arrayBuffer()).byteLength]).toEqual([200, sizeBytes]);
    expect((await fetch(target, { headers: { range: `bytes=${sizeBytes}-` } })).status).toBe(416);
    expect((await fetch(target, { headers: { "if-none-match": etag } })).status).toBe(304);
  });

  it("serve metadata with an entity tag, and let only the timestamp be asked for again", async () => {
    const timestamp = await fetch(`${url}/metadata/timestamp.json`);
    expect(timestamp.headers.get("cache-control")).toBe("no-cache");
    const known = { headers: { "if-none-match": timestamp.headers.get("etag")! } };
    expect((await fetch(`${url}/metadata/timestamp.json`, known)).status).toBe(304);
    const snapshot = await fetch(`${url}/metadata/${versionAtStart(2)}.snapshot.json`);
    expect(snapshot.headers.get("cache-control")).toContain("immutable");
    expect(snapshot.headers.get("content-type")).toBe("application/json");
  });

  it("know nothing else: no other file, no way out of the folder", async () => {
    const paths = [
      "/metadata/2.root.json",
      "/metadata/root.json",
      "/metadata/timestamp.json.tmp",
      "/metadata/",
      "/metadata/..%2f..%2fkeys%2froot.key",
      "/targets/..%2f..%2fkeys/root.key",
      "/targets/bearing-sample/1.0.0.tar",
      `/targets/other/${"0".repeat(64)}.1.0.0.tar`,
      `/targets/bearing-sample/${"0".repeat(64)}.1.0.0.tar`,
      "/targets/__proto__/x",
    ];
    for (const path of paths) expect((await fetch(url + path)).status, path).toBe(404);
  });

  it("read a range as RFC 9110 says", () => {
    expect(parseRange("bytes=0-0", 10)).toEqual({ start: 0, end: 0 });
    expect(parseRange("bytes=2-99", 10)).toEqual({ start: 2, end: 9 });
    expect(parseRange("bytes=-3", 10)).toEqual({ start: 7, end: 9 });
    expect(parseRange("bytes=-99", 10)).toEqual({ start: 0, end: 9 });
    expect(parseRange("bytes=-0", 10)).toBe("unsatisfiable");
    expect(parseRange("bytes=10-", 10)).toBe("unsatisfiable");
    for (const ignored of ["bytes=5-2", "bytes=-", "items=0-1", "bytes=0-1,3-4", "bytes=a-b", undefined]) {
      expect(parseRange(ignored, 10), String(ignored)).toBeNull();
    }
  });
});
