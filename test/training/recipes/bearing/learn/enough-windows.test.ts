import { describe, expect, it } from "vitest";
import {
  refuseFewWindows,
  sayLackingWindows,
} from "../../../../../src/training/recipes/bearing/learn/enough-windows.ts";
import type { WaveformRows } from "../../../../../src/training/recipes/bearing/learn/recorded-rows.ts";

const window = { unit: "revolutions", length: 30, hop: 15 } as const;

function recorded(rows: number, failureMode: WaveformRows["failureMode"], shaftRpm = 1500): WaveformRows {
  const cut = { rows, recorded: rows, features: new Float32Array(0) };
  const entry = { shaftRpm, machine: "m", file: "a.npy" } as WaveformRows["entry"];
  return { entry, failureMode, machineFault: failureMode, served: cut, training: cut };
}

describe("windows of healthy machines", () => {
  it("are refused before anything is learnt where they are too few, with what would be enough", () => {
    const refuse = (): void =>
      refuseFewWindows([recorded(10, null), recorded(12, null), recorded(90, "ball")], window);
    expect(refuse).toThrowError(/there are 22 windows of healthy machines/);
    // 10 windows, 15 revolutions apart, at 25 a second.
    expect(sayLackingWindows(22, window, 1500)!.cure).toContain("for 6 s more (10 windows");
  });

  it("are enough from 32 on; where there is no healthy recording at all, others say so", () => {
    refuseFewWindows([recorded(20, null), recorded(12, null)], window);
    refuseFewWindows([recorded(3, "ball")], window);
    expect(sayLackingWindows(32, window, 1500)).toBeNull();
  });
});
