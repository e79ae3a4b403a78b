/** An alarm whose machine was mended before something else of it changed: another model, or a gateway that knows no more than that it stands. */
import { expect, test } from "vitest";
import { deciderSnapshotSchema, holdOfUnknown } from "../../../src/core/decision/decider-snapshot.ts";
import type { PointWatch } from "../../../src/core/decision/point-watch.ts";
import { createWatch, feedSnapshots, listActive, renewParts, type WatchScene } from "./watch-feed.ts";

const day = 144;
/** Of a healthy machine that lies above most others. */
const healthy: WatchScene = { logits: [0, -3] };

/** A watch of two healthy days, half a day of a fault, and as much after its repair. */
function createMended(fault: WatchScene): PointWatch {
  const watch = createWatch();
  feedSnapshots(watch, { from: 0, to: 2 * day }, () => healthy);
  feedSnapshots(watch, { from: 2 * day, to: 2.5 * day }, () => fault);
  feedSnapshots(watch, { from: 2.5 * day, to: 3 * day }, () => healthy);
  return watch;
}

function restart(watch: PointWatch, parts = renewParts()): PointWatch {
  return createWatch({ parts, snapshot: JSON.parse(JSON.stringify(watch.snapshot())) });
}

function update(watch: PointWatch): PointWatch {
  watch.adopt(renewParts());
  return watch;
}

/** Plays so many more days of the scene with the model that comes. */
function playOn(watch: PointWatch, days: number, scene: WatchScene): string[] {
  feedSnapshots(watch, { from: 3 * day, to: (3 + days) * day, parts: renewParts() }, () => scene);
  return listActive(watch);
}

test.each([
  ["a restart", restart],
  ["an update", update],
])(
  "after %s with another model an alarm of a machine that was mended ends, and one that was not stands",
  (_, change) => {
    for (const [name, fault] of [
      ["outer-race", { logits: [5, -3] }],
      ["vibration-level", { ...healthy, levelDb: -16 }],
    ] as const) {
      const watch = createMended(fault);
      expect(listActive(watch)).toEqual([name]);
      expect(playOn(change(watch), 2, { ...healthy, levelDb: -29 })).toEqual([]);
      if (name === "outer-race") expect(playOn(change(createMended(fault)), 5, fault)).toEqual([name]);
    }
  },
);

test("an alarm of which its beginning alone is known ends where the signal is as a healthy machine's", () => {
  for (const name of ["outer-race", "vibration-level"]) {
    const watch = createMended(healthy);
    const { decider, baseline } = watch.snapshot();
    const others = decider.signals.filter(({ failureMode }) => failureMode !== name);
    const recalled = { ...decider, signals: [...others, holdOfUnknown(name, 0)] };
    const snapshot = { baseline, decider: deciderSnapshotSchema.parse(JSON.parse(JSON.stringify(recalled))) };
    const started = createWatch({ snapshot });
    expect(listActive(started)).toEqual([name]);
    feedSnapshots(started, { from: 3 * day, to: 5 * day }, () => healthy);
    expect(listActive(started), name).toEqual([]);
  }
});
