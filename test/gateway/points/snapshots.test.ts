/** How a point lay outlives a run that did not have the point; what had gathered against it does not. */
import { expect, test } from "vitest";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { createDecider } from "../../../src/core/decision/decider.ts";
import type { DeciderSnapshot } from "../../../src/core/decision/decider-snapshot.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import type { Pipeline } from "../../../src/gateway/points/pipeline.ts";
import { readSnapshots } from "../../../src/gateway/points/snapshots.ts";
import { createFeed, options, partsOf, point, startMs } from "../../core/decision/decider-feed.ts";
import { createFakeState } from "../fakes.ts";

function decide(logits: readonly number[]): DeciderSnapshot {
  const decider = createDecider(point, partsOf(["inner", "outer"]), options);
  const feed = createFeed(decider);
  for (let window = 0; window < 60; window++) feed.next(logits);
  return decider.snapshot();
}

test("of a point that was missing for a run it is known how it lay, and no alarm of the past stands", () => {
  const state = createFakeState();
  const run = (deciders: Readonly<Record<string, DeciderSnapshot>>) => {
    const kept = readSnapshots(state, silentLogger);
    const pipeline = { snapshot: () => deciders } as unknown as Pipeline;
    state.setAll(kept.describe(createAlarmRegister(), pipeline));
  };
  const [faulty, healthy] = [decide([6, 0]), decide([-3, -3])];
  expect(faulty.signals.some(({ held }) => held !== null)).toBe(true);
  run({ "t1/bearing": faulty, "t1/other": healthy });
  run({ "t1/baering": healthy, "t1/other": healthy });
  const { deciders } = readSnapshots(state, silentLogger);
  expect([...deciders.keys()].sort()).toEqual(["t1/baering", "t1/bearing", "t1/other"]);
  const kept = deciders.get("t1/bearing")!;
  expect(kept.signals.map(({ held, fast }) => [held, fast.sum])).toEqual([
    [null, 0],
    [null, 0],
  ]);
  expect(kept.signals.map(({ fast }) => fast.level)).toEqual(faulty.signals.map(({ fast }) => fast.level));
  // Mended meanwhile, it raises nothing; with its fault it does.
  const goOn = (logits: readonly number[]) => {
    const decider = createDecider(point, partsOf(["inner", "outer"]), { ...options, snapshot: kept });
    const feed = createFeed(decider, startMs + 30 * 86_400_000);
    for (let window = 0; window < 60; window++) feed.next(logits);
    return decider.active.map(({ failureMode }) => failureMode);
  };
  expect([goOn([-3, -3]), goOn([6, 0])]).toEqual([[], ["inner"]]);
});
