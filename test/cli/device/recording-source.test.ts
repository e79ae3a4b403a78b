import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openRecordingSource, type RecordingPlayback } from "../../../src/cli/device/recording-source.ts";
import type { SampleSource } from "../../../src/cli/device/sample-source.ts";
import { inventedSamples, writeInventedData } from "./recordings.ts";

async function open(file: string, playback: RecordingPlayback): Promise<SampleSource> {
  return (await openRecordingSource(join(writeInventedData(), "cwru", file), playback)).source;
}

describe("openRecordingSource", () => {
  it("sends both channels as they were recorded: own rate, own scale, counts untouched", async () => {
    const source = await open("Normal_48k_load0.npy", { ends: [], loop: false });
    expect(source.channels).toEqual([
      { name: "accel-de", unit: "g", sampleRateHz: 48_000, scale: 0.0002 },
      { name: "accel-fe", unit: "g", sampleRateHz: 48_000, scale: 0.0003 },
    ]);
    const into = [new Int16Array(300), new Int16Array(300)];
    const channels: number[][] = [[], []];
    for (;;) {
      const { samples, shaftRpm } = source.read(into);
      if (samples === 0) break;
      expect(shaftRpm).toBe(1797);
      for (const [index, counts] of into.entries()) channels[index]!.push(...counts.subarray(0, samples));
    }
    expect(channels[0]).toEqual(Array.from({ length: inventedSamples }, (_, index) => index));
    expect(channels[1]).toEqual(
      Array.from({ length: inventedSamples }, (_, index) => inventedSamples + index),
    );
  });

  it("sends one chosen end", async () => {
    const source = await open("b.npy", { ends: ["FE"], loop: false });
    expect(source.channels).toHaveLength(1);
    const into = [new Int16Array(2)];
    source.read(into);
    expect([...into[0]!]).toEqual([1000, 1001]);
  });

  it("begins again after the last sample when looped", async () => {
    const source = await open("b.npy", { ends: ["DE"], loop: true });
    const into = [new Int16Array(600)];
    expect(source.read(into).samples).toBe(600);
    expect(source.read(into).samples).toBe(400);
    expect(source.read(into).samples).toBe(600);
    expect(into[0]![0]).toBe(0);
  });

  it("says what is missing", async () => {
    const dir = join(writeInventedData(), "cwru");
    const playback = { ends: [], loop: false };
    await expect(openRecordingSource(join(dir, "nothing.npy"), playback)).rejects.toMatchObject({
      code: "DATA_MISSING",
    });
    await expect(
      openRecordingSource(join(dir, "b.npy"), { ends: ["NDE"], loop: false }),
    ).rejects.toMatchObject({ code: "DATA_MISSING", hint: "it has DE and FE" });
    writeFileSync(join(dir, "lone.csv"), "1\n2\n3\n");
    await expect(openRecordingSource(join(dir, "lone.csv"), playback)).rejects.toThrow(
      "nothing says rate, shaft speed and scale or unit of",
    );
    writeFileSync(join(dir, "lone.json"), JSON.stringify({ rate_hz: 12_000, rpm: 900, unit: "g" }));
    expect(await openRecordingSource(join(dir, "lone.csv"), playback)).toMatchObject({
      shaftRpm: 900,
      source: { channels: [{ sampleRateHz: 12_000, scale: 1 }] },
    });
  });
});
