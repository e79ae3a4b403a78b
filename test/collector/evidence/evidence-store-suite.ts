/** What every engine that keeps the files of evidence must do. */
import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import type { EvidenceFileKind, EvidenceStore } from "../../../src/collector/evidence/evidence-store.ts";
import { sha256Hex } from "../../../src/core/platform/files/sha256.ts";

/** Runs the suite. @param open opens an empty store, or one again over what the first has kept */
export function describeEvidenceStore(open: (again?: "again") => Promise<EvidenceStore>): void {
  const id = sha256Hex(Buffer.from("evidence"));
  const read = async (store: EvidenceStore, kind: EvidenceFileKind, name = id): Promise<Buffer | null> => {
    const file = await store.open(name, kind);
    if (file === null) return null;
    const bytes = await buffer(file.body);
    expect(file.sizeBytes).toBe(bytes.length);
    return bytes;
  };

  it("gives back what was put, over a restart", async () => {
    const npy = randomBytes(960_128);
    const first = await open();
    await first.put(id, "npy", npy);
    await first.put(id, "json", Buffer.from('{"a":1}'));
    // Comparing so many bytes one by one takes the test's own time.
    expect(sha256Hex((await read(first, "npy"))!)).toBe(sha256Hex(npy));
    const second = await open("again");
    expect(sha256Hex((await read(second, "npy"))!)).toBe(sha256Hex(npy));
    expect(String(await read(second, "json"))).toBe('{"a":1}');
  });

  it("has nothing that was not put", async () => {
    const store = await open();
    await store.put(id, "json", Buffer.from("{}"));
    expect(await read(store, "npy")).toBeNull();
    expect(await read(store, "json", "0".repeat(64))).toBeNull();
  });

  it("takes the same again, and a file of no bytes", async () => {
    const store = await open();
    for (const text of ["half of", "all of it", ""]) {
      await store.put(id, "json", Buffer.from(text));
      expect(String(await read(store, "json"))).toBe(text);
    }
  });

  it("removes both files of one, and passes over what is not there", async () => {
    const store = await open();
    const other = sha256Hex(Buffer.from("other"));
    for (const name of [id, other])
      for (const kind of ["npy", "json"] as const) await store.put(name, kind, Buffer.from(name));
    await store.remove(id);
    await store.remove(id);
    await store.remove("f".repeat(64));
    expect(await read(store, "npy")).toBeNull();
    expect(await read(store, "json")).toBeNull();
    expect(String(await read(store, "npy", other))).toBe(other);
    await store.put(id, "npy", Buffer.from("back"));
    expect(String(await read(store, "npy"))).toBe("back");
  });

  it("puts, reads and removes many at once", async () => {
    const store = await open();
    const names = Array.from({ length: 24 }, (_, index) => sha256Hex(Buffer.from(`e ${index}`)));
    await Promise.all(names.map((name) => store.put(name, "npy", Buffer.from(name.repeat(500)))));
    const files = await Promise.all(names.map((name) => read(store, "npy", name)));
    expect(files.map(String)).toEqual(names.map((name) => name.repeat(500)));
    await Promise.all(names.map((name) => store.remove(name)));
    expect(await Promise.all(names.map((name) => read(store, "npy", name)))).toEqual(names.map(() => null));
  });

  it.each(["../../etc/passwd", "", "A".repeat(64), `${"a".repeat(64)}/..`])(
    "takes nothing but a digest as a name: %j",
    async (name) => {
      const store = await open();
      await expect(store.put(name, "json", Buffer.from("x"))).rejects.toThrow(RangeError);
      await expect(store.open(name, "json")).rejects.toThrow(RangeError);
      await expect(store.remove(name)).rejects.toThrow(RangeError);
    },
  );
}
