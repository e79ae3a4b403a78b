/** What gathered against a point outlives a run that did not have the point. */
import { expect, test } from "vitest";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { createDecider } from "../../../src/core/decision/decider.ts";
import type { DeciderSnapshot } from "../../../src/core/decision/decider-snapshot.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import type { Pipeline } from "../../../src/gateway/points/pipeline.ts";
import { readSnapshots } from "../../../src/gateway/points/snapshots.ts";
import { createFeed, options, partsOf, point } from "../../core/decision/decider-feed.ts";
import { createFakeState } from "../fakes.ts";

function decide(logits: readonly number[]): DeciderSnapshot {
  const decider = createDecider(point, partsOf(["inner", "outer"]), options);
  const feed = createFeed(decider);
  for (let window = 0; window < 60; window++) feed.next(logits);
  return decider.snapshot();
}

test("a point that was missing for a run is as it was left", () => {
  const state = createFakeState();
  const run = (deciders: Readonly<Record<string, DeciderSnapshot>>) => {
    const kept = readSnapshots(state, silentLogger);
    const pipeline = { snapshot: () => deciders } as unknown as Pipeline;
    state.setAll(kept.describe(createAlarmRegister(), pipeline));
  };
  const [faulty, healthy] = [decide([6, 0]), decide([-3, -3])];
  run({ "t1/bearing": faulty, "t1/other": healthy });
  run({ "t1/baering": healthy, "t1/other": healthy });
  const { deciders } = readSnapshots(state, silentLogger);
  expect([...deciders.keys()].sort()).toEqual(["t1/baering", "t1/bearing", "t1/other"]);
  expect(deciders.get("t1/bearing")).toEqual(faulty);
});
