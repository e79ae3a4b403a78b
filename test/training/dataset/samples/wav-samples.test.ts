import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { createScratchFolder } from "../../../../scripts/scratch-folder.ts";
import { hasErrorCode } from "../../../../src/core/contract/aurora-error.ts";
import { openSampleFile, readStatedRate } from "../../../../src/training/dataset/samples/sample-file.ts";
import { encodeWav, type WavKind } from "./encode-wav.ts";

const { path: dir, remove } = createScratchFolder("wav");
afterAll(remove);
let number = 0;

function write(bytes: Uint8Array, name = `${number++}.wav`): string {
  const path = join(dir, name);
  writeFileSync(path, bytes);
  return path;
}

async function readAll(path: string, channel: string | null): Promise<number[]> {
  const values: number[] = [];
  for await (const piece of (await openSampleFile(path, channel)).pieces()) {
    expect(piece.length).toBeLessThanOrEqual(65_536);
    for (const value of piece) values.push(value);
  }
  return values;
}

const kinds: readonly WavKind[] = ["pcm8", "pcm16", "pcm24", "pcm32", "float32", "float64"];

describe("a WAV file", () => {
  it.each(kinds.flatMap((kind) => [false, true].map((extensible) => [kind, extensible] as const)))(
    "of %s, extensible %s, gives each channel as it was written, and its rate",
    async (kind, extensible) => {
      const most = kind === "pcm8" ? 127 : kind === "pcm16" ? 32_767 : 8_388_607;
      const samples = 9001;
      const channels = [1, -1].map((sign) =>
        Array.from({ length: samples }, (_, index) => sign * (1 + ((index * 7919) % (most - 1)))),
      );
      const path = write(encodeWav({ kind, rateHz: 25_600, channels, extensible }));
      expect(await readAll(path, "1")).toEqual(channels[1]);
      expect(await readAll(path, "0")).toEqual(channels[0]);
      expect(await readStatedRate(path)).toBe(25_600);
      expect((await openSampleFile(path, "0")).isCounts).toBe(kind === "pcm16");
    },
  );

  it("may hold chunks of notes before its data, of odd length too, and be known by what is in it", async () => {
    const bytes = encodeWav({ kind: "pcm16", rateHz: 8000, channels: [[1, 2, 3]], note: "abc" });
    expect(await readAll(write(bytes, "noted.data"), null)).toEqual([1, 2, 3]);
  });

  const whole = Buffer.from(encodeWav({ kind: "pcm16", rateHz: 8000, channels: [[1, 2, 3, 4]] }));
  const changed = (at: number, value: number, bytes = 2): Buffer => {
    const own = Buffer.from(whole);
    own.writeUIntLE(value, at, bytes);
    return own;
  };
  it.each([
    [whole.subarray(0, 48), /is cut off: its header says 8 bytes of samples \(0\.00 s\), 4 are there/],
    [whole.subarray(0, 30), /a whole header/],
    [whole.subarray(0, 6), /a whole header, got 6 bytes/],
    [Buffer.from("RIFX0000WAVE"), /big-endian/],
    [Buffer.from("ID3 is something else"), /RIFF … WAVE/],
    [changed(20, 2), /format 2 of 16 bits/],
    [changed(34, 12), /of 12 bits/],
    [changed(22, 0), /1 to 64 channels, got 0/],
    [changed(32, 4), /frames of 2 bytes for 1 channels of 16 bits, got 4/],
    [changed(24, 0, 4), /a rate above 0 Hz/],
    [changed(40, 0, 4), /says how much data follows/],
    [changed(40, 0xffff_ffff, 4), /says how much data follows/],
    [changed(40, 7, 4), /data in frames of 2 bytes/],
    [changed(16, 1_000_000, 4), /a whole header/],
  ])("that is cut off or wrong is refused with what was expected (%#)", async (bytes, message) => {
    await expect(openSampleFile(write(bytes), null)).rejects.toThrow(message);
    await expect(openSampleFile(write(bytes), null)).rejects.toMatchObject({ code: "DATA_FORMAT" });
  });

  it("is read or refused, whatever single byte is wrong", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, value) => {
        const bytes = Buffer.from(whole);
        bytes[at] = value;
        try {
          await readAll(write(bytes, "any.wav"), "0");
        } catch (error) {
          expect(hasErrorCode(error, "DATA_FORMAT") || hasErrorCode(error, "USAGE")).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});
