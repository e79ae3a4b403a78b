/** What the tests of the windower share: a sink that remembers, and blocks of a stream. */
import { expect } from "vitest";
import type { WindowSpec } from "../../../src/core/contract/bundle/manifest.ts";
import type { Quarantine, RecordedBlock, SampleRun } from "../../../src/core/contract/stream.ts";
import type { WindowEnd, WindowSink } from "../../../src/core/window/window-sink.ts";

/** Collects what a windower says; counts carry the sample's number, so that contents can be checked. */
export function createRecorder(): WindowSink & {
  windows: (WindowEnd & { content: number[] })[];
  abandoned: Quarantine[];
  refused: Quarantine[];
} {
  const open = new Map<number, number[]>();
  const recorder: ReturnType<typeof createRecorder> = {
    windows: [],
    abandoned: [],
    refused: [],
    begin: (slot: number): void => {
      expect(open.has(slot)).toBe(false);
      open.set(slot, []);
    },
    push: (slot: number, { counts, from, to }: SampleRun): void => {
      expect(to).toBeGreaterThan(from);
      open.get(slot)!.push(...counts.subarray(from, to));
    },
    end: (slot: number, window: WindowEnd): void => {
      recorder.windows.push({ ...window, content: open.get(slot)! });
      open.delete(slot);
    },
    abandon: (slot: number, quarantine: Quarantine): void => {
      expect(quarantine.samples).toBe(open.get(slot)!.length);
      open.delete(slot);
      recorder.abandoned.push(quarantine);
    },
    refuse: (quarantine: Quarantine): void => {
      recorder.refused.push(quarantine);
    },
  };
  return recorder;
}

/** The same, of snapshots too, which are no windows; one that `holds` pieces of them also collects those that are dropped. */
export function createSnapshotRecorder({
  holds,
}: {
  readonly holds: boolean;
}): ReturnType<typeof createRecorder> & { readonly snapshots: WindowEnd[]; readonly dropped: Quarantine[] } {
  const recorder = createRecorder();
  const snapshots: WindowEnd[] = [];
  const dropped: Quarantine[] = [];
  const leave = (slot: number): void => {
    recorder.end(slot, { fromMs: 0, toMs: 0, samples: 0, shaftRpm: 0 });
    recorder.windows.pop();
  };
  return {
    ...recorder,
    snapshots,
    dropped,
    snapshot: (slot, window) => {
      snapshots.push(window);
      leave(slot);
    },
    hold: (slot) => {
      if (holds) leave(slot);
      return holds;
    },
    drop: (_, quarantine) => dropped.push(quarantine),
  };
}

export const rateHz = 1000;
export const startMs = 1_700_000_000_000;

export function makeBlock(from: number, to: number, change: Partial<RecordedBlock> = {}): RecordedBlock {
  return {
    deviceId: "mcu",
    channel: "de",
    unit: "g",
    timestampMs: startMs + (from * 1000) / rateHz,
    firstSample: from,
    sampleRateHz: rateHz,
    scale: 1,
    shaftRpm: 600,
    counts: Int16Array.from({ length: to - from }, (_, index) => (from + index) % 30_000),
    ...change,
  };
}

export const spec: WindowSpec = { unit: "revolutions", length: 3, hop: 3 };
