import { describe, expect, it } from "vitest";
import { tellDrift } from "../../../src/collector/fleet/tell-drift.ts";
import type { DriftState } from "../../../src/collector/record/drift-record.ts";
import type { DriftVerdict } from "../../../src/core/contract/drift-verdict.ts";
import {
  driftVerdict,
  quietVerdict,
  verdictDayMs,
  verdictFromMs,
} from "../../core/contract/drift-verdicts.ts";

/** Verdicts of a point day by day: `D`, `W` survive the budget, `d`, `w` do not; the others are quiet. */
function tell(days: string, changes: readonly Partial<DriftVerdict>[] = []): string[] {
  let state: DriftState | null = null;
  const told: string[] = [];
  for (const [index, letter] of [...days].entries()) {
    const fromMs = verdictFromMs + index * verdictDayMs;
    const at = { fromMs, toMs: fromMs + verdictDayMs, ...changes[index] };
    const level = (
      { d: "drift", w: "warning", s: "stable", p: "paused", l: "learning", i: "insufficient" } as const
    )[letter.toLowerCase() as "d"];
    const verdict = level === "drift" ? driftVerdict(at) : quietVerdict(level, null, at);
    const next = tellDrift(state, verdict, letter !== letter.toLowerCase());
    state = next.state;
    told.push(next.event === null ? "-" : next.event.name.slice("drift.".length));
  }
  return told;
}

describe("what people are told of a point", () => {
  it("is told once while it lasts, and again when it gets worse", () => {
    expect(tell("sDDD")).toEqual(["-", "drift", "-", "-"]);
    expect(tell("WWDWD")).toEqual(["warning", "-", "drift", "-", "-"]);
  });

  it("is nothing that does not survive the budget of the fleet", () => {
    expect(tell("ddw")).toEqual(["-", "-", "-"]);
    expect(tell("DdD")).toEqual(["drift", "-", "-"]);
  });

  it("has ended after three stable periods in a row, and no other period counts", () => {
    expect(tell("Dsss")).toEqual(["drift", "-", "-", "ended"]);
    expect(tell("DssDsss")).toEqual(["drift", "-", "-", "-", "-", "-", "ended"]);
    expect(tell("Dsswsss")).toEqual(["drift", "-", "-", "-", "-", "-", "ended"]);
    expect(tell("Dspsis")).toEqual(["drift", "-", "-", "-", "-", "ended"]);
    expect(tell("DsssssD")).toEqual(["drift", "-", "-", "ended", "-", "-", "drift"]);
  });

  it("ends with the model that it was said of", () => {
    const other = { modelDigest: "e".repeat(64) };
    expect(tell("Dls", [{}, other, other])).toEqual(["drift", "ended", "-"]);
    expect(tell("DD", [{}, other])).toEqual(["drift", "drift"]);
  });

  it("ends where what is usual is learnt anew, and a drift after that is told as a new one", () => {
    expect(tell("Dlll")).toEqual(["drift", "ended", "-", "-"]);
    expect(tell("WllsD")).toEqual(["warning", "ended", "-", "-", "drift"]);
    expect(tell("lls")).toEqual(["-", "-", "-"]);
  });

  it("is the same although a period is read again, or an older one afterwards", () => {
    const again = { fromMs: verdictFromMs + verdictDayMs, toMs: verdictFromMs + 2 * verdictDayMs };
    expect(tell("DssSs", [{}, {}, again, again, again])).toEqual(["drift", "-", "-", "-", "-"]);
    expect(tell("sD", [{}, { fromMs: verdictFromMs - verdictDayMs, toMs: verdictFromMs }])).toEqual([
      "-",
      "-",
    ]);
  });

  it("names the point, the day, what moved and how sure it is", () => {
    const { event } = tellDrift(null, driftVerdict(), true);
    expect(event).toEqual({
      kind: "event",
      timeMs: verdictFromMs + verdictDayMs,
      name: "drift.drift",
      subject: "north-sea/WT07/generator-bearing",
      detail:
        "2026-11-19; WT07's drive-end sensor is 6 dB quieter at all loads since Tuesday; " +
        "impact.peak: mean -12.40 → -18.50 (11.2 times what is usual from day to day) since 2026-11-17; p = 0.0000030",
    });
  });
});
