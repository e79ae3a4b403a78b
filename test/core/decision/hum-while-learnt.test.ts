import { expect, test } from "vitest";
import type { SiteMargin } from "../../../src/core/contract/site-baseline.ts";
import type { PointWatch } from "../../../src/core/decision/point-watch.ts";
import { baselineSnapshotSchema } from "../../../src/core/decision/reference/baseline-snapshot.ts";
import { createWatch, listActive, renewParts, watchedWindow, watchParts } from "./watch-feed.ts";

const outer = ["outer-race"];

const humRpm = 1450;

/** Windows of seconds, every third of them with hum where the outer race's lines are looked for. */
function hear(
  watch: PointWatch,
  seconds: readonly [from: number, to: number],
  { steady = outer, parts = watchParts } = {},
): void {
  for (let index = seconds[0]; index < seconds[1]; index++) {
    const isHum = index % 3 === 0;
    const window = watchedWindow(index, isHum ? { logits: [-0.5, -3], shaftRpm: humRpm } : {}, parts);
    watch.update(isHum ? { ...window, foreignModes: outer, steadyModes: steady } : window);
  }
}

function marginsOf(watch: PointWatch): readonly SiteMargin[] {
  return watch.snapshot().baseline!.baseline!.margins;
}

test("hum while a machine is learnt does not widen the margin of the mode that it stands in for, nor over a restart or an equal student", () => {
  const [without, humming, explained, half] = [createWatch(), createWatch(), createWatch(), createWatch()];
  for (let index = 0; index < 64; index++) without.update(watchedWindow(index));
  hear(humming, [0, 64], { steady: [] });
  hear(explained, [0, 64]);
  hear(half, [0, 40]);
  const kept = JSON.parse(JSON.stringify(half.snapshot()));
  const restarted = createWatch({
    snapshot: { ...kept, baseline: baselineSnapshotSchema.parse(kept.baseline) },
  });
  hear(restarted, [40, 64]);
  const [[own], [wide], [narrow]] = [marginsOf(without), marginsOf(humming), marginsOf(explained)];
  expect(wide!.scale).toBeGreaterThan(1.5 * own!.scale);
  expect(narrow!.scale).toBeLessThan(1.2 * own!.scale);
  expect(marginsOf(restarted)).toEqual(marginsOf(explained));
  const scoringDigest = "s";
  const updated = createWatch({ parts: { ...watchParts, scoringDigest } });
  hear(updated, [0, 40]);
  const equal = renewParts({ scoringDigest });
  updated.adopt(equal);
  hear(updated, [40, 64], { parts: equal });
  expect(marginsOf(updated)).toEqual(marginsOf(explained));
});

test("where nobody remembers that it keeps its hertz, hum is no evidence at the speeds that were left out for it, over a restart", () => {
  const play = (steadyModes: readonly string[], shaftRpm: number, humModes = outer): string[] => {
    const before = createWatch();
    hear(before, [0, 300], { steady: [...steadyModes] });
    const kept = JSON.parse(JSON.stringify(before.snapshot()));
    const watch = createWatch({
      snapshot: { ...kept, baseline: baselineSnapshotSchema.parse(kept.baseline) },
    });
    for (let minute = 10; minute < 12 * 60; minute++) {
      const window = watchedWindow(60 * minute, { logits: [3, -3], shaftRpm });
      watch.update({ ...window, foreignModes: outer, humModes });
    }
    return listActive(watch);
  };
  expect(play(outer, humRpm)).toEqual([]);
  expect(play(outer, 1.01 * humRpm)).toEqual([]);
  expect(play([], humRpm)).toEqual(outer);
  expect(play(outer, 1.03 * humRpm)).toEqual(outer);
  // Lines of the shaft are the reference's.
  expect(play(outer, humRpm, [])).toEqual(outer);
});
