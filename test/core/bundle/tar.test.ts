import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packTar, unpackTar } from "../../../src/core/bundle/tar.ts";
import { withTempDir } from "./sample-bundle.ts";

const files = new Map([
  ["a.txt", Buffer.from("alpha")],
  ["b.bin", Buffer.alloc(1024, 7)],
  ["empty", Buffer.alloc(0)],
]);

/** Changes the header of the first entry and mends its checksum, so that only the change itself can be refused. */
function forge(change: (header: Buffer) => void): Uint8Array {
  const tar = Buffer.from(packTar(files));
  const header = tar.subarray(0, 512);
  change(header);
  header.write("        ", 148, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return tar;
}

describe("the bundle tar", () => {
  it("gives back the files, and the same bytes for the same files in any order", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { maxLength: 8 }),
        fc.uint8Array({ maxLength: 2000 }),
        (names, content) => {
          const some = new Map(names.map((one, index) => [one, content.subarray(index)]));
          const tar = packTar(some);
          expect(packTar(new Map([...some].reverse()))).toEqual(tar);
          expect(new Map([...unpackTar(tar)].map(([key, bytes]) => [key, Buffer.from(bytes)]))).toEqual(
            new Map([...some].map(([key, bytes]) => [key, Buffer.from(bytes)])),
          );
        },
      ),
    );
  });

  it("is a tar that tar(1) unpacks", async () => {
    await withTempDir(async (dir) => {
      writeFileSync(join(dir, "t.tar"), packTar(files));
      execFileSync("tar", ["-xf", "t.tar"], { cwd: dir });
      for (const [name, bytes] of files) expect(readFileSync(join(dir, name)).equals(bytes)).toBe(true);
    });
  });

  it("refuses paths, links, devices, folders, extensions, other owners and times", () => {
    const forged: Record<string, (header: Buffer) => void> = {
      parent: (header) => header.write("../a\0", 0, "latin1"),
      absolute: (header) => header.write("/a\0", 0, "latin1"),
      folder: (header) => header.write("x/a\0", 0, "latin1"),
      prefix: (header) => header.write("..", 345, "latin1"),
      "no name": (header) => header.write("\x01", 0, "latin1"),
      "symbolic link": (header) => header.write("2", 156, "latin1"),
      "hard link": (header) => header.write("1", 156, "latin1"),
      device: (header) => header.write("3", 156, "latin1"),
      pipe: (header) => header.write("6", 156, "latin1"),
      directory: (header) => header.write("5", 156, "latin1"),
      "pax extension": (header) => header.write("x", 156, "latin1"),
      "GNU long name": (header) => header.write("L", 156, "latin1"),
      "old type": (header) => header.write("\0", 156, "latin1"),
      "link name": (header) => header.write("/etc/passwd", 157, "latin1"),
      mode: (header) => header.write("0004755\0", 100, "latin1"),
      uid: (header) => header.write("0001750\0", 108, "latin1"),
      owner: (header) => header.write("root", 265, "latin1"),
      time: (header) => header.write("14000000000\0", 136, "latin1"),
      "binary size": (header) => header.write("\x80", 124, "latin1"),
      "huge size": (header) => header.write("77777777777", 124, "latin1"),
    };
    for (const [name, change] of Object.entries(forged)) {
      expect(() => unpackTar(forge(change)), name).toThrow(/the tar/);
    }
    expect(unpackTar(forge(() => undefined)).size).toBe(3);
  });

  it("refuses duplicates, disorder, slack, missing ends and too much of anything", () => {
    const [a, b] = [packTar(new Map([["a", Buffer.from("1")]])), packTar(new Map([["b", Buffer.from("2")]]))];
    const entries = (...tars: Uint8Array[]): Buffer =>
      Buffer.concat([...tars.map((tar) => tar.subarray(0, 1024)), Buffer.alloc(1024)]);
    expect(unpackTar(entries(a, b)).size).toBe(2);
    expect(() => unpackTar(entries(a, a))).toThrow(/twice or out of order/);
    expect(() => unpackTar(entries(b, a))).toThrow(/twice or out of order/);
    const slack = Buffer.from(a);
    slack[513] = 1;
    expect(() => unpackTar(slack)).toThrow(/hides bytes/);
    expect(() => unpackTar(a.subarray(0, -512))).toThrow(/two empty blocks/);
    expect(() => unpackTar(Buffer.concat([a, Buffer.alloc(512)]))).toThrow(/two empty blocks/);
    expect(() => unpackTar(a.subarray(0, -1))).toThrow(/multiple of 512/);
    const many = new Map(
      Array.from({ length: 67 }, (_, index) => [`f${String(index).padStart(3, "0")}`, Buffer.alloc(0)]),
    );
    expect(() => unpackTar(packTar(many))).toThrow(/more than 66/);
    expect(() => unpackTar(new Uint8Array(65 << 20))).toThrow(/at most/);
  });

  it("refuses every changed header byte and never crashes on noise", () => {
    const tar = packTar(new Map([["a", Buffer.from("1")]]));
    for (let index = 0; index < 512; index++) {
      const changed = tar.slice();
      changed[index] = changed[index]! ^ 1;
      if (index > 0) expect(() => unpackTar(changed), `byte ${index}`).toThrow(/the tar/);
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1024, maxLength: 1024 }), (noise) => {
        expect(() => unpackTar(noise)).toThrow(/the tar/);
      }),
    );
  });
});
