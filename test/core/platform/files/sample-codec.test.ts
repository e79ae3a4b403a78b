import fc from "fast-check";
import { expect, it } from "vitest";
import { packSamples, unpackSamples } from "../../../../src/core/platform/files/sample-codec.ts";

it("gives any counts back as they were, whatever parts they came in", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.int16Array({ maxLength: 200 }), { minLength: 1, maxLength: 4 }),
      async (parts) => {
        const counts = Int16Array.from(parts.flatMap((part) => [...part]));
        fc.pre(counts.length > 0);
        expect(await unpackSamples(await packSamples(parts), counts.length)).toEqual(counts);
      },
    ),
  );
});

it("takes less room for a waveform than its counts", async () => {
  const counts = Int16Array.from({ length: 12_000 }, (_, index) => 500 * Math.sin(index / 9) + (index % 17));
  expect((await packSamples([counts])).length).toBeLessThan(0.7 * counts.byteLength);
});

it("refuses what holds more or fewer samples than were announced, or is damaged", async () => {
  const packed = await packSamples([new Int16Array(1_000)]);
  await expect(unpackSamples(packed, 999)).rejects.toMatchObject({ code: "DATA_FORMAT" });
  await expect(unpackSamples(packed, 1_001)).rejects.toMatchObject({ code: "DATA_FORMAT" });
  await expect(unpackSamples(packed.subarray(0, 4), 1_000)).rejects.toMatchObject({ code: "DATA_FORMAT" });
});
