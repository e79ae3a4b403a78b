import { describe, expect, it } from "vitest";
import {
  refuseFewWindows,
  sayLackingWindows,
} from "../../../../../src/training/recipes/bearing/learn/enough-windows.ts";
import type { WaveformRows } from "../../../../../src/training/recipes/bearing/learn/recorded-rows.ts";

const window = { unit: "revolutions", length: 30, hop: 15 } as const;

function recorded(
  rows: number,
  failureMode: WaveformRows["failureMode"],
  said: Partial<WaveformRows["entry"]> = {},
): WaveformRows {
  const cut = { rows, recorded: rows, features: new Float32Array(0) };
  const entry = { shaftRpm: 1500, machine: "m", file: "a.npy", ...said } as WaveformRows["entry"];
  return { entry, failureMode, machineFault: failureMode, served: cut, training: cut };
}

describe("windows of healthy machines", () => {
  it("are refused before anything is learnt where they are too few, with what would be enough", () => {
    const refuse = (): void =>
      refuseFewWindows([recorded(10, null), recorded(12, null), recorded(90, "ball")], window);
    expect(refuse).toThrowError(/there are 22 windows of healthy machines/);
    // 10 windows, 15 revolutions apart, at 25 a second.
    const { entry } = recorded(22, null);
    expect(sayLackingWindows([{ entry, windows: 22 }], window)!.cure).toContain("for 6 s more (10 windows");
  });

  it("are enough from 32 on; where there is no healthy recording at all, others say so", () => {
    refuseFewWindows([recorded(20, null), recorded(12, null)], window);
    refuseFewWindows([recorded(3, "ball")], window);
  });

  it("are refused where no machine has four of them at one speed and load, with the seconds that make them", () => {
    const machines = Array.from({ length: 12 }, (_, index) => recorded(3, null, { machine: `m${index}` }));
    const refusal = expect.objectContaining({
      code: "TRAINING",
      hint: expect.stringContaining(" s at one speed and load (4 windows"),
    });
    expect(() => refuseFewWindows(machines, window)).toThrow(refusal);
    // 30 revolutions and three times 15, at 25 a second.
    expect(() => refuseFewWindows(machines, window)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("for 3 s") }),
    );
    const slow = recorded(1, null, { machine: "m0", shaftRpm: 900 });
    expect(() => refuseFewWindows([...machines, slow], window)).toThrow(refusal);
    refuseFewWindows([...machines, recorded(1, null, { machine: "m0", shaftRpm: 1510 })], window);
  });
});
