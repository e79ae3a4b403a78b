import { describe, expect, test } from "vitest";
import { usualSpread } from "../../../src/core/decision/fast-lane.ts";
import {
  beginSignal,
  raiseSignal,
  type SignalState,
  type SignalWindow,
  stepSignal,
} from "../../../src/core/decision/signal-watch.ts";
import type { SlowReference } from "../../../src/core/decision/slow-evidence.ts";
import { hourMs } from "../../../src/core/maths/durations.ts";

const stepMs = hourMs / 6;
/** Three days of windows, every ten minutes. */
const threeDays = 432;

function windowAt(place: number, compared: number, shaftRpm: number): SignalWindow {
  return {
    fromMs: place * stepMs,
    toMs: place * stepMs + 2000,
    value: compared,
    compared,
    leads: true,
    isForeign: false,
    isCalm: false,
    isExplained: false,
    ceiling: Number.POSITIVE_INFINITY,
    isPooled: false,
    isVouched: false,
    isUsual: true,
    isFaint: false,
    isEmpty: false,
    isBound: false,
    shaftRpm,
  };
}

function expecting(location: number, allowed = 0): SlowReference {
  return {
    location: location + allowed,
    allowed,
    window: 0.4,
    single: 0.6,
    wander: 0.4,
    freedom: 12,
    blocks: 30,
    windows: 600,
  };
}

/** An alarm of hours, raised at 1,800 rpm with a margin of 2 where -3 was expected. */
function raisedAt1800(): SignalState {
  const window = windowAt(0, 2, 1800);
  return raiseSignal(beginSignal(usualSpread), {
    measured: { window, reference: expecting(-3) },
    lane: "slow",
    sinceMs: 0,
  });
}

/** Plays three days of windows alike. */
function play(
  window: { readonly compared: number; readonly shaftRpm: number },
  reference: SlowReference | null,
): SignalState {
  let state = raisedAt1800();
  for (let place = 1; place <= threeDays && state.held !== null; place++) {
    const each = windowAt(place, window.compared, window.shaftRpm);
    state = stepSignal(state, { window: each, spread: usualSpread, reference }, true);
  }
  return state;
}

describe("an alarm that is held by its margin", () => {
  test("stands while the margin is as far above what is expected at another speed", () => {
    // At 1,600 rpm this machine's margins lie 4 logits lower, with its fault and without.
    expect(play({ compared: -2, shaftRpm: 1600 }, expecting(-7)).held).not.toBeNull();
  });

  test("ends at a speed at which the healthy margin is higher than where it was raised", () => {
    expect(play({ compared: 0.5, shaftRpm: 2000 }, expecting(0.5)).held).toBeNull();
    // The same margin is no health where it was raised.
    expect(play({ compared: 0.5, shaftRpm: 1800 }, expecting(-3)).held).not.toBeNull();
  });

  test("takes what is allowed for beside the learnt speeds for no level", () => {
    const { held } = play({ compared: -1.5, shaftRpm: 1850 }, expecting(-3, 1.5));
    expect(held?.mean).toBeCloseTo(-1.5, 1);
    expect(play({ compared: -2.9, shaftRpm: 1850 }, expecting(-3, 1.5)).held).toBeNull();
  });

  test("keeps what it is held by where it was raised in the margin's own unit", () => {
    expect(play({ compared: 2, shaftRpm: 1800 }, expecting(-3)).held).toMatchObject({ healthy: -3, mean: 2 });
  });

  test("neither ends nor begins to where nothing is expected of the margin", () => {
    const { held } = play({ compared: -8, shaftRpm: 1800 }, null);
    expect(held).toMatchObject({ mean: 2, quietMs: 0, quietWindows: 0, toMs: threeDays * stepMs + 2000 });
  });
});
