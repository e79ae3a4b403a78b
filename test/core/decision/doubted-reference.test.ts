/** A machine that looks faulty while it is learnt has no reference, and its faults are heard all the same. */
import { expect, test } from "vitest";
import { baselineSnapshotSchema } from "../../../src/core/decision/reference/baseline-snapshot.ts";
import {
  createWatch,
  feedSnapshots,
  listActive,
  snapshotsMs,
  type WatchScene,
  watchedWindow,
  watchOptions,
} from "./watch-feed.ts";

/** As near to a fault as nearly no healthy machine, and so refused; it raises nothing within minutes. */
const doubtful: WatchScene = { logits: [1.6, -3] };

test("a fault that grows for days on a machine that was refused raises, in the slow lane, and is not learnt", () => {
  const watch = createWatch();
  // Follows slowly enough that no minute is unlike the ones before.
  feedSnapshots(watch, { from: 0, to: 200 }, (index) => ({
    logits: [-1.2 + Math.min(2.8, 0.06 * index), -3],
  }));
  const refused = feedSnapshots(watch, { from: 200, to: 900 }, () => doubtful);
  expect([watch.status?.state, listActive(watch)]).toEqual(["refused", []]);
  expect(watch.standing.why).toContain("what grows above how it was then is raised all the same");
  // What is not known to be healthy has no risk and no severity.
  expect(refused.at(-1)!.decision).toMatchObject({ isLearning: true, severityDb: null });
  expect(refused.at(-1)!.decision.modes.map(({ risk }) => risk)).toEqual([null, null]);
  const grown = feedSnapshots(watch, { from: 900, to: 1500 }, (index) => ({
    logits: [1.6 + 0.01 * (index - 900), -3],
  }));
  expect(listActive(watch)).toEqual(["outer-race"]);
  expect(grown.at(-1)!.decision.modes[0]).toMatchObject({ active: true, lane: "slow" });
});

test("it raises nothing as long as it is as it was, for weeks, and also after a restart", () => {
  const watch = createWatch();
  feedSnapshots(watch, { from: 0, to: 200 }, (index) => ({
    logits: [-1.2 + Math.min(2.8, 0.06 * index), -3],
  }));
  feedSnapshots(watch, { from: 200, to: 2000 }, () => doubtful);
  const { decider, baseline } = watch.snapshot();
  const kept = baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(baseline)));
  expect(kept.doubted).toMatchObject({ isProvisional: false });
  const restarted = createWatch({ snapshot: { decider, baseline: kept } });
  const window = { from: 2000, to: 2400 };
  expect(feedSnapshots(restarted, window, () => doubtful)).toEqual(
    feedSnapshots(watch, window, () => doubtful),
  );
  expect(listActive(watch)).toEqual([]);
  feedSnapshots(restarted, { from: 2400, to: 2600 }, () => ({ logits: [6, -3] }));
  expect(listActive(restarted)).toEqual(["outer-race"]);
});

test("a machine that becomes cleaner raises no other kind and is learnt; a fault of that kind is raised", () => {
  const clean = (then: WatchScene, until = 1500): ReturnType<typeof createWatch> => {
    const watch = createWatch();
    feedSnapshots(watch, { from: 0, to: 200 }, (index) => ({
      logits: [-1.2 + Math.min(2.8, 0.06 * index), -3],
    }));
    feedSnapshots(watch, { from: 200, to: 900 }, () => doubtful);
    expect(watch.status?.state).toBe("refused");
    feedSnapshots(watch, { from: 900, to: until }, () => then);
    return watch;
  };
  // The line that had pressed the other kind down is gone.
  const cleaned = clean({ logits: [-1.4, -1.2] }, 2200);
  expect([listActive(cleaned), cleaned.status?.state]).toEqual([[], "ready"]);
  expect(listActive(clean({ logits: [-1.4, 0.6] }))).toEqual(["ball"]);
  // On a quiet machine one that stands out from its rivals.
  expect(listActive(clean({ logits: [-3, -0.6] }))).toEqual(["ball"]);
});

test("how loud it is is not held against it, nor told", () => {
  const watch = createWatch();
  feedSnapshots(watch, { from: 0, to: 200 }, (index) => ({
    logits: [-1.2 + Math.min(2.8, 0.06 * index), -3],
  }));
  const steps = feedSnapshots(watch, { from: 200, to: 700 }, (index) => ({
    ...doubtful,
    levelDb: index % 100 < 50 ? -30 : -18,
  }));
  expect([watch.status?.state, listActive(watch)]).toEqual(["refused", []]);
  expect(steps.at(-1)!.decision).toMatchObject({ severityDb: null });
});

test("a fault that grows from the first hour on, before anything could be learnt, does not become usual", () => {
  for (const hours of [12, 24, 48]) {
    const watch = createWatch();
    feedSnapshots(watch, { from: 0, to: 1000 }, (index) => ({
      logits: [-3 + 9 * Math.min(1, index / (6 * hours)), -3],
    }));
    expect(listActive(watch), `${hours} h`).toEqual(["outer-race"]);
    // Nor does its alarm end while the fault stands.
    feedSnapshots(watch, { from: 1000, to: 2000 }, () => ({ logits: [6, -3] }));
    expect(listActive(watch)).toEqual(["outer-race"]);
  }
});

test("how the last day was is known across each refinement of what the machine is held against, refused or not", () => {
  for (const logit of [-3, 1.6]) {
    const watch = createWatch({ options: { ...watchOptions, minWindows: 400 } });
    const recentOf = () => watch.snapshot().decider.signals[0]!.slow.recent;
    const heard = new Set<number>();
    feedSnapshots(watch, { from: 0, to: 200 }, (index) => ({
      logits: [Math.min(logit, -1.2 + 0.06 * index), -3],
    }));
    for (let index = 200; index < 600; index++) {
      feedSnapshots(watch, { from: index, to: index + 1 }, () => ({ logits: [logit, -3] }));
      const recent = recentOf();
      if (recent !== undefined) heard.add(recent.windows);
      // From the first on it only grows, up to a day and three hours.
      if (index >= 400) expect(recent!.means.length).toBe(27);
    }
    expect(heard.size).toBeGreaterThan(1);
  }
});

test("however far apart snapshots lie, a fault that is there before the machine is known is heard", () => {
  for (const apart of [6, 36, 72]) {
    const watch = createWatch();
    for (let index = 0; index < 120; index++) {
      const { prediction, ...rest } = watchedWindow(index, {
        logits: [-3 + 8 * Math.min(1, index / 60), -3],
      });
      const fromMs = index * apart * snapshotsMs;
      watch.update({ ...rest, prediction: { ...prediction, fromMs, toMs: fromMs + 1000 } });
    }
    expect(listActive(watch), `${apart / 6} h`).toEqual(["outer-race"]);
  }
});

/** A window a minute of a machine that lies at `healthy`, from the fifth hour on growing to `top` within two hours, and is `vouched` for or not. */
function hearHours(healthy: number, top: number, isVouched: boolean): string[] {
  const watch = createWatch({ options: { ...watchOptions, minDurationMs: 86_400_000 } });
  if (isVouched) watch.renew({ atMs: 1, by: "somebody", reason: "looked", foundHealthy: true });
  for (let index = 0; index < 390; index++) {
    const grown = Math.max(0, (index - 270) / 120);
    const { prediction, ...rest } = watchedWindow(index, { logits: [healthy + (top - healthy) * grown, -3] });
    const fromMs = index * 60_000;
    watch.update({ ...rest, prediction: { ...prediction, fromMs, toMs: fromMs + 1000 } });
  }
  expect(watch.status).toMatchObject({ state: "ready", isProvisional: true });
  return listActive(watch);
}

test("a fault that grows for two hours above a reference of some hours is heard before these are over", () => {
  expect(hearHours(-3, 4, false)).toEqual(["outer-race"]);
  // What is expected of this machine, and what somebody has found healthy, are above no machine's level.
  expect(hearHours(-3, -3, false)).toEqual([]);
  expect(hearHours(3, 5.5, true)).toEqual([]);
});
