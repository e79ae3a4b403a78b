import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mcuImageOffsets, mcuSlotBytes } from "../../../scripts/mcu/mcu-image.ts";
import { createTestModel } from "../../../scripts/mcu/test-models.ts";
import { createFlashImage, renderIntelHex } from "../../../src/cli/device/flash-image.ts";
import { createMcuWorkshop, hasCompiler } from "../../firmware-bridge/mcu-host.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";

const key = Uint8Array.from({ length: 32 }, (_, index) => 3 * index);
const bundle = "models/bearing-vibration/1.0.0";

test.skipIf(!hasCompiler)(
  "a device that is given such flash runs its model, and says so in its Hello",
  async () => {
    const workshop = createMcuWorkshop();
    try {
      const { image } = createTestModel("3.2.1", 4);
      const model = { image: image.bytes, securityCounter: image.securityCounter };
      const flash = createFlashImage(
        {
          slotsAt: mcuImageOffsets.slots,
          slotBytes: mcuSlotBytes,
          flashAt: 0,
          flashBytes: 0x10_0000,
          identityAt: 0,
        },
        { key, model, deviceId: "bench-7" },
      );
      // The flash of a virtual board, with nothing but a workbench beside it.
      const board = await workshop.start("host", {
        deviceId: "another",
        sampleRateHz: 12_000,
        scale: 0.001,
        shaftRpm: 1800,
        counts: new Int16Array(0),
      });
      await board.stop();
      const whole = readFileSync(board.imagePath);
      whole.set(flash.bytes);
      writeFileSync(board.imagePath, whole);
      const heard = await workshop.listenTo(await workshop.start("host", board.imagePath));
      await heard.until(() => heard.hellos.length > 0);
      expect(heard.hellos[0]).toMatchObject({ deviceId: "bench-7", modelVersion: "3.2.1" });
    } finally {
      await workshop.close();
    }
  },
);

test("a bundle becomes plain bytes or Intel HEX with the board's addresses", async () => {
  const folder = createTemporaryFolder();
  const keyFile = join(folder, "mcu.key");
  writeFileSync(keyFile, key);
  const place = ["--slots-at", "0x08040000", "--slot-bytes", "0x8000"];
  const bin = join(folder, "slots.bin");
  const hex = join(folder, "slots.hex");
  for (const out of [bin, hex]) {
    const done = await auroraHere("device", "image", bundle, "--key", keyFile, "--out", out, ...place);
    expect(done).toMatchObject({ code: 0, stderr: "" });
  }
  const bytes = readFileSync(bin);
  expect(bytes.length).toBe(0x1_0000);
  expect(bytes.subarray(0, 4).toString()).toBe("AUS1");
  expect(bytes.subarray(256, 260).toString()).toBe("ACMU");
  expect(bytes.subarray(0x8000).every((byte) => byte === 0xff)).toBe(true);
  expect(readIntelHex(readFileSync(hex, "utf8"), 0x0804_0000, bytes.length)).toEqual(bytes);
});

test("neither the device's key nor a file of the bundle is written over", async () => {
  const folder = createTemporaryFolder();
  const keyFile = join(folder, "mcu.key");
  const link = join(folder, "link.key");
  const copy = join(folder, "bundle");
  writeFileSync(keyFile, key);
  symlinkSync(keyFile, link);
  cpSync(bundle, copy, { recursive: true });
  const before = readdirSync(copy);
  for (const [out, words] of [
    [keyFile, "is the device's key"],
    [link, "is the device's key"],
    [join(copy, "manifest.json"), "would lie in the bundle"],
    [join(copy, "new.bin"), "would lie in the bundle"],
  ] as const) {
    const { code, stderr } = await auroraHere("device", "image", copy, "--key", keyFile, "--out", out);
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
    expect(new Uint8Array(readFileSync(keyFile))).toEqual(key);
    expect(readdirSync(copy)).toEqual(before);
  }
});

test("a layout that cannot be is refused in words", () => {
  const model = { image: new Uint8Array(1000), securityCounter: 1 };
  for (const [layout, words] of [
    [{ slotsAt: 2, slotBytes: 4096 }, "multiple of 4"],
    [{ slotsAt: 0, slotBytes: 1024 }, "do not fit"],
    [{ slotsAt: 0, slotBytes: 4096, flashBytes: 4096 }, "outside the flash"],
    [{ slotsAt: 0, slotBytes: 4096, identityAt: 4096 }, "in a slot"],
    [{ slotsAt: 0, slotBytes: 4096, identityAt: 8192 }, "outside the flash"],
  ] as const)
    expect(() => createFlashImage(layout, { key, model, deviceId: "x" })).toThrow(words);
});

test("an address without its 0x is refused, and not taken for a decimal number", async () => {
  const out = join(createTemporaryFolder(), "slots.hex");
  const asked = ["device", "image", bundle, "--key", "any.key", "--out", out, "--slots-at", "08040000"];
  const { code, stderr } = await auroraHere(...asked);
  expect([code, existsSync(out)]).toEqual([2, false]);
  expect(stderr).toContain("It has zeros in front: write 0x08040000, or decimal digits without them.");
});

test("Intel HEX goes over the boundary of 64 kB", () => {
  const bytes = Uint8Array.from({ length: 48 }, (_, index) => index);
  expect(readIntelHex(renderIntelHex({ address: 0x1_fff0, bytes }), 0x1_fff0, 48)).toEqual(
    Buffer.from(bytes),
  );
});

/** A reader of the format by its description alone: sums, extended linear addresses, the end. */
function readIntelHex(text: string, base: number, length: number): Buffer {
  const out = Buffer.alloc(length, 0xff);
  let upper = 0;
  const lines = text.trim().split("\n");
  expect(lines.at(-1)).toBe(":00000001FF");
  for (const line of lines) {
    const record = Buffer.from(line.slice(1), "hex");
    expect(record.reduce((sum, byte) => sum + byte, 0) & 0xff).toBe(0);
    const data = record.subarray(4, 4 + record[0]!);
    if (record[3] === 4) upper = data.readUInt16BE() * 0x1_0000;
    if (record[3] === 0) data.copy(out, upper + record.readUInt16BE(1) - base);
  }
  return out;
}
