/** How a point lay outlives a run that did not have the point; what had gathered against it does not. */
import { expect, test } from "vitest";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { createDecider } from "../../../src/core/decision/decider.ts";
import type { DeciderSnapshot } from "../../../src/core/decision/decider-snapshot.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createKeptServing } from "../../../src/gateway/points/kept-serving.ts";
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
    const points = Object.keys(deciders).map((name) => ({ component: name.slice("t1/".length) }));
    const serving = createKeptServing({
      config: { turbines: [{ id: "t1", points }] } as never,
      kept: readSnapshots(state, silentLogger),
      state,
      register: createAlarmRegister(),
      deciderOf: (name) => deciders[name],
      clock: { monotonicMs: () => 0 },
    });
    for (const { component } of points) serving.keep({ turbine: "t1", component });
    serving.tick();
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
