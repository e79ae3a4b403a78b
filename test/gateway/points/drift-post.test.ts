import { describe, expect, it, vi } from "vitest";
import type { PointId } from "../../../src/core/contract/stream.ts";
import type { DriftReport } from "../../../src/core/contract/uplink-record.ts";
import type { DriftReference } from "../../../src/core/drift/drift-reference.ts";
import { levelEdgesDb } from "../../../src/core/drift/fit-reference.ts";
import { createRandom, type Random } from "../../../src/core/maths/random.ts";
import { finishSteps, type Steps } from "../../../src/core/maths/steps.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import type { DriftModel } from "../../../src/gateway/points/drift-point.ts";
import { createDriftPost, type DriftPost, type PointDrift } from "../../../src/gateway/points/drift-post.ts";
import { createDriftReporter } from "../../../src/gateway/record/drift-reporter.ts";
import type { StateStore } from "../../../src/gateway/record/state-store.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createFakeState, driftReference } from "../fakes.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const site = "north";
const component = "generator-bearing";
/** Two features, a score, and three levels. */
const reference: DriftReference = {
  ...driftReference,
  features: [
    ...driftReference.features,
    ...["low.rms", "middle.rms", "high.rms"].map((name) => ({
      ...driftReference.features[0]!,
      name,
      role: "level" as const,
      edges: levelEdgesDb,
      counts: new Array<number>(33).fill(1),
    })),
  ],
};
const modelOf = (version = "1.0.0", scoringDigest = `scores of ${version}`): DriftModel => ({
  ref: { name: "bearing-sample", version, digest: `digest of ${version}` },
  scoringDigest,
  reference,
  isNormalBehaviour: false,
});

interface Site {
  post: DriftPost;
  readonly state: StateStore;
  /** `name subject: detail`. */
  readonly events: string[];
  readonly clock: ReturnType<typeof createManualClock>;
  model: DriftModel;
  isClockConfirmed: boolean;
  /** Reports that the post has not heard of, while they are kept from it; null: it hears all. */
  kept: DriftReport[] | null;
  /** Starts the post as after a restart. */
  start(epoch?: number, periodMs?: number): DriftPost;
  /** Plays `days` days of all turbines, the last of them in part; `gain` is added to the levels of some. */
  play(days: number, gain?: Readonly<Record<string, number>>): void;
  /** Reports what is open, as before an end. */
  flush(): void;
  standing(turbine: string): PointDrift;
}

/** Six windows an hour. Each day has an offset of its own, as days have. */
function createSite(
  turbines: readonly string[] = ["WT01"],
  run: (work: Steps<void>) => void = finishSteps,
): Site {
  const clock = createManualClock();
  clock.jump(dayMs - (clock.nowMs() % dayMs));
  const state = createFakeState();
  const events: string[] = [];
  const points = turbines.map((turbine): PointId => ({ site, turbine, component }));
  const randoms = turbines.map((_, index) => createRandom(7 + index));
  const start = (epoch = 0, periodMs = dayMs): DriftPost =>
    createDriftPost({
      rules: { periodMs, falsePerDay: 0.001, learnDays: 5 },
      points,
      modelOf: (name) => (name === here.model.ref.name ? here.model : null),
      epochOf: () => epoch,
      state,
      clock,
      isClockConfirmed: () => here.isClockConfirmed,
      logger: silentLogger,
      onEvent: (point, name, detail) => events.push(`${name} ${point.turbine}: ${detail}`),
      run,
    });
  const reporter = createDriftReporter(hourMs, (report) => {
    if (here.kept === null) here.post.take(report);
    else here.kept.push(report);
  });
  const hear = (random: Random, offset: number, gain: number, at: PointId): void => {
    const noise = (): number => 0.3 * random.normal() + offset;
    const window = { toMs: clock.nowMs(), shaftRpm: 1500, scores: Float64Array.of(noise()) };
    const levels = Float32Array.from([-30, -25, -20], (db) => db + noise() + gain);
    reporter.add(at, here.model, { ...window, features: Float32Array.of(noise(), noise()), levels });
  };
  const here: Site = {
    post: undefined as unknown as DriftPost,
    state,
    events,
    clock,
    model: modelOf(),
    isClockConfirmed: false,
    kept: null,
    start: (epoch, periodMs) => {
      here.post = start(epoch, periodMs);
      return here.post;
    },
    play: (days, gain = {}) => {
      for (let day = 0; day < days; day++) {
        const offsets = randoms.map((random) => 0.1 * random.normal());
        for (let tenth = 0; tenth < 144 * Math.min(1, days - day); tenth++) {
          clock.advance(600_000 - 1);
          for (const [index, point] of points.entries()) {
            hear(randoms[index]!, offsets[index]!, gain[point.turbine] ?? 0, point);
          }
          clock.advance(1);
          if (here.kept === null) here.post.tick();
        }
      }
    },
    flush: reporter.flush,
    standing: (turbine) => here.post.standings.find(({ point }) => point.turbine === turbine)!,
  };
  here.start();
  return here;
}

/** Plays days that the post hears nothing of; the answer tells it one turbine's reports of one of them, from 0. */
function playUnheard(
  here: Site,
  days: number,
  gain: Readonly<Record<string, number>>,
): (turbine: string, day: number) => void {
  const beganMs = here.clock.nowMs();
  const unheard: DriftReport[] = [];
  here.kept = unheard;
  here.play(days, gain);
  return (turbine, day) => {
    for (const report of unheard) {
      const isOfDay = Math.floor((report.fromMs - beganMs) / dayMs) === day;
      if (report.turbine === turbine && isOfDay) here.post.take(report);
    }
  };
}

describe("the gateway's own watch for drift", () => {
  it("learns, is stable, tells a quieter sensor once with the point, and its end", () => {
    const here = createSite(["WT01", "WT02", "WT03"]);
    here.play(5);
    expect(here.standing("WT02")).toMatchObject({ level: "learning", title: null });
    here.play(5);
    expect(here.standing("WT02")).toMatchObject({ level: "stable", title: null, raised: null });
    expect(here.standing("WT02").referenceDays).toBeGreaterThanOrEqual(5);
    const changedMs = here.clock.nowMs();
    here.play(3, { WT02: -6 });
    expect(here.standing("WT02")).toMatchObject({ level: "drift", raised: "drift", sinceMs: changedMs });
    expect(here.standing("WT02").title).toMatch(/^WT02's sensor .* dB quieter since /);
    expect(["WT01", "WT03"].map((turbine) => here.standing(turbine).level)).toEqual(["stable", "stable"]);
    // As long as a verdict's last days hold some of it, it is not over.
    here.play(5);
    expect(here.standing("WT02")).toMatchObject({ level: "stable", title: null, raised: null });
    expect(here.events.map((event) => event.split(":")[0])).toEqual(["drift.drift WT02", "drift.ended WT02"]);
    expect(here.post.refused).toEqual({
      "no-time": 0,
      future: 0,
      late: 0,
      "other-model": 0,
      "not-fitting": 0,
    });
  });

  it("goes on after a kill where it was: with its days, the day so far, and what it has told", () => {
    const here = createSite();
    here.play(8);
    here.play(2, { WT01: -6 });
    expect(here.events).toHaveLength(1);
    const before = here.standing("WT01");
    // Never closed.
    here.start();
    expect(here.standing("WT01")).toEqual(before);
    here.play(1, { WT01: -6 });
    expect(here.events).toHaveLength(1);
    expect(here.standing("WT01").level).toBe("drift");
    const day = JSON.parse(here.state.get("drift-day/WT01/generator-bearing")!) as {
      day: { fromMs: number };
    };
    expect(day.day.fromMs).toBe(here.clock.nowMs() - dayMs);
  });

  it("keeps the first day over a kill but for an hour of it", () => {
    const here = createSite();
    here.play(20.5 / 24);
    // Never closed.
    here.start();
    here.play(3.5 / 24);
    here.play(1 / 8);
    expect(here.standing("WT01").referenceDays).toBe(1);
  });

  it("tells once of a repair in the configuration, whose days it lets go", () => {
    const here = createSite();
    here.play(8);
    for (let start = 0; start < 2; start++) {
      here.start(1);
      expect(here.standing("WT01")).toMatchObject({ level: "learning", referenceDays: 0 });
    }
    expect(here.events).toEqual([
      "baseline-renewed WT01: by the configuration: 1 renewals, where 0 were known",
    ]);
    here.play(8);
    here.start(1);
    expect(here.standing("WT01").level).toBe("stable");
    expect(here.events).toHaveLength(1);
  });

  it("tells once where a day became another length", () => {
    const here = createSite();
    here.play(8);
    for (let start = 0; start < 2; start++) here.start(0, dayMs / 2);
    expect(here.standing("WT01")).toMatchObject({ level: "learning", referenceDays: 0 });
    expect(here.events).toEqual([
      "drift.lost WT01: a day is of another length now; its days are learnt anew",
    ]);
  });

  it("begins anew, and says so, where what was kept is damaged", () => {
    const here = createSite();
    here.play(8);
    const kept = here.state.get("drift/WT01/generator-bearing")!;
    here.state.set("drift/WT01/generator-bearing", kept.slice(0, -20));
    here.start();
    expect(here.standing("WT01")).toMatchObject({ level: "learning", referenceDays: 0 });
    expect(here.events).toEqual([expect.stringMatching(/^drift.lost WT01/)]);
    here.play(8);
    expect(here.standing("WT01").level).toBe("stable");
  });

  it("lets a renewed point's days go, and ends what was told of it", () => {
    const here = createSite(["WT01", "WT02"]);
    here.play(8);
    here.play(2, { WT01: -6 });
    here.post.renew({ turbine: "WT01", component }, "by technician: bearing replaced");
    expect(here.standing("WT01")).toMatchObject({ level: "learning", raised: null, referenceDays: 0 });
    expect(here.standing("WT02").level).toBe("stable");
    expect(here.events.at(-1)).toBe(
      "drift.ended WT01: what is usual is learnt anew: by technician: bearing replaced",
    );
    here.play(8, { WT01: -6 });
    expect(here.standing("WT01").level).toBe("stable");
  });

  it("learns another model's features anew while the levels go on", () => {
    const here = createSite(["WT01", "WT02"]);
    here.play(8);
    here.model = modelOf("1.1.0");
    here.play(2);
    expect(here.events).toEqual(
      ["WT01", "WT02"].map(
        (turbine) =>
          `drift.relearning ${turbine}: bearing-sample@1.1.0: its features and scores are learnt anew`,
      ),
    );
    here.play(2, { WT02: 6 });
    expect(here.standing("WT02")).toMatchObject({ level: "drift" });
    expect(here.standing("WT01")).toMatchObject({ level: "stable" });
  });

  describe("where a model that scores alike serves under another version", () => {
    const equal = (version: string): DriftModel => modelOf(version, "scores of 1.0.0");
    const referenceKey = "drift/WT01/generator-bearing";
    const parse = (here: Site, key = referenceKey) => JSON.parse(here.state.get(key)!);
    /** Twelve days; what moved is told on the tenth, and two things come within the eleventh. */
    const playThrough = (...changes: ((here: Site) => void)[]): Site => {
      const here = createSite(["WT01", "WT02"]);
      here.play(8);
      here.play(2, { WT01: -6 });
      for (const at of [0, 1]) {
        here.play(1 / 3, { WT01: -6 });
        changes[at]?.(here);
      }
      here.play(1 / 3, { WT01: -6 });
      here.play(1);
      here.post.close(() => {});
      return here;
    };
    const expectUndisturbed = (here: Site): void => {
      const whole = playThrough();
      expect(whole.events).toEqual([expect.stringMatching(/^drift\.drift WT01/)]);
      expect(here.events).toEqual(whole.events);
      expect(here.post.standings).toEqual(whole.post.standings);
      expect(parse(here).reference).toEqual(parse(whole).reference);
    };

    it("its days, the day so far and what was told go on in a run", () => {
      const here = playThrough((site) => {
        site.model = equal("1.1.0");
      });
      expectUndisturbed(here);
      expect(parse(here).model.version).toBe("1.1.0");
    });

    it("they do over a restart, and over a kill after it", () => {
      const here = playThrough(
        (site) => {
          site.post.close(site.flush);
          site.model = equal("1.1.0");
          site.start();
        },
        (site) => {
          site.flush();
          // Never closed.
          site.model = equal("1.2.0");
          site.start();
        },
      );
      expectUndisturbed(here);
      expect(parse(here).model.version).toBe("1.2.0");
    });

    it("what an earlier version kept without the digest goes on with the very same bundle, and with no other", () => {
      const here = createSite();
      here.play(8);
      here.post.close(() => {});
      const { scoringDigest, ...former } = parse(here);
      expect(scoringDigest).toBe("scores of 1.0.0");
      const restart = (model: DriftModel): string[] => {
        here.state.set(referenceKey, JSON.stringify(former));
        here.model = model;
        here.start();
        here.play(1 / 8);
        return here.events.splice(0);
      };
      expect(restart(equal("1.0.0"))).toEqual([]);
      // Its first report says what it is of; a kill forgets that no more.
      expect(parse(here).scoringDigest).toBe(scoringDigest);
      expect(restart(equal("1.1.0"))).toEqual([expect.stringMatching(/^drift\.relearning WT01/)]);
    });
  });

  it("ends what was told when another model serves, and never says that it is as it was", () => {
    const here = createSite(["WT01", "WT02"]);
    here.play(8);
    here.play(2, { WT01: -6 });
    expect(here.standing("WT01").raised).toBe("drift");
    here.model = modelOf("1.1.0");
    here.play(8);
    const own = here.events.filter((event) => event.includes("WT01"));
    expect(own.map((event) => event.split(":")[0])).toEqual([
      "drift.drift WT01",
      "drift.relearning WT01",
      "drift.ended WT01",
    ]);
    expect(own.at(-1)).toBe("drift.ended WT01: another model serves");
    expect(here.standing("WT01")).toMatchObject({ level: "stable", raised: null });
  });

  it("ends what was told when the configuration lets a point's days go", () => {
    const here = createSite();
    here.play(8);
    here.play(2, { WT01: -6 });
    here.post.close(() => {});
    here.start(1);
    expect(here.events.at(-1)).toBe("drift.ended WT01: what is usual is learnt anew");
    expect(here.standing("WT01")).toMatchObject({ level: "learning", raised: null });
    here.start(1);
    expect(here.events.filter((event) => event.startsWith("drift.ended"))).toHaveLength(1);
  });

  it("takes what is still reported when it is closed, and writes all points down in one write", () => {
    const turbines = ["WT01", "WT02", "WT03"];
    const here = createSite(turbines);
    const writes: string[][] = [];
    vi.spyOn(here.state, "setDescribed").mockImplementation((entries) => {
      writes.push(Object.keys(entries));
      return here.state.setAll(entries);
    });
    const days = turbines.map((turbine) => `drift-day/${turbine}/${component}`);
    const windowsKept = (): number[] =>
      days.map((key) => {
        const { day } = JSON.parse(here.state.get(key)!);
        return day.features[0].cells.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
      });
    const stop = (): void => {
      writes.length = 0;
      here.post.close(here.flush);
    };
    // Of the first interval nothing has been written yet.
    here.play(3 / 144);
    expect(writes).toEqual([]);
    stop();
    expect(writes).toEqual([days.flatMap((key) => [key, key.replace("drift-day", "drift")])]);
    expect(windowsKept()).toEqual([3, 3, 3]);
    here.start();
    here.play(6 / 144);
    stop();
    expect(writes).toEqual([days]);
    expect(windowsKept()).toEqual([9, 9, 9]);
    // What a day came to that ends with it is told, and kept with all else.
    here.start();
    here.play(9 - 9 / 144);
    here.play(1, { WT01: -6 });
    here.play(3 / 144, { WT01: -6 });
    expect(here.events).toEqual([]);
    stop();
    expect(here.events).toEqual([expect.stringMatching(/^drift\.drift WT01/)]);
    expect(writes).toEqual([days.flatMap((key) => [key, key.replace("drift-day", "drift")])]);
    // And from then on as before.
    here.play(2 / 24);
    expect(writes.length).toBeGreaterThan(1);
  });

  it("is paused while a turbine stands, and neither ends nor repeats what it told", () => {
    const here = createSite();
    here.play(8);
    here.play(2, { WT01: -6 });
    for (let hour = 0; hour < 72; hour++) {
      here.clock.advance(hourMs);
      here.post.tick();
    }
    expect(here.standing("WT01")).toMatchObject({ level: "paused", raised: "drift" });
    here.play(2, { WT01: -6 });
    expect(here.standing("WT01").level).toBe("drift");
    expect(here.events).toHaveLength(1);
  });

  it("tells verdicts of several periods that wait together, as after a device that was cut off", () => {
    const here = createSite(["WT01", "WT02", "WT03"]);
    here.play(8);
    const tell = playUnheard(here, 3, { WT01: -6 });
    // The second day of WT01 waits for that of WT03, and the first of WT02, which was cut off, comes meanwhile.
    tell("WT03", 0);
    tell("WT01", 0);
    tell("WT01", 1);
    tell("WT01", 2);
    tell("WT02", 0);
    tell("WT02", 1);
    here.post.close(() => {});
    expect(here.standing("WT01")).toMatchObject({ level: "drift", raised: "drift" });
    expect(here.standing("WT02")).toMatchObject({ level: "stable", raised: null });
    tell("WT03", 1);
    tell("WT02", 2);
    tell("WT03", 2);
    expect(here.events.map((event) => event.split(":")[0])).toEqual(["drift.drift WT01"]);
  });

  it("reads a day of all points together, though one that was cut off has a day before it still waiting", () => {
    const turbines = ["WT01", "WT02", "WT03", "WT04", "WT05"];
    const here = createSite(turbines);
    here.play(8);
    const tell = playUnheard(here, 3, Object.fromEntries(turbines.map((turbine) => [turbine, -6])));
    tell("WT05", 0);
    for (const turbine of ["WT01", "WT02", "WT03"]) for (let day = 0; day < 3; day++) tell(turbine, day);
    // The first day of WT04 waits for that of WT05 when its second, for which three others wait, is over.
    for (let day = 0; day < 3; day++) tell("WT04", day);
    tell("WT05", 1);
    tell("WT05", 2);
    here.post.close(() => {});
    expect(here.standing("WT01").title).toMatch(/^5 points of site north /);
    for (const turbine of turbines) {
      expect(here.standing(turbine), turbine).toMatchObject({ title: here.standing("WT01").title });
    }
  });

  it("refuses and counts what is late, from the future, of another model or of other bins", () => {
    const here = createSite();
    here.play(2);
    const nowMs = here.clock.nowMs();
    const good: DriftReport = {
      kind: "drift-report",
      site,
      turbine: "WT01",
      component,
      modelName: here.model.ref.name,
      modelVersion: here.model.ref.version,
      modelDigest: here.model.ref.digest,
      fromMs: nowMs - hourMs,
      toMs: nowMs - 1,
      sketches: [{ feature: 0, counts: [1, 2, 0, 0], invalid: 0, mean: 0, sumSquares: 0, min: -1, max: 1 }],
    };
    const later = { fromMs: good.fromMs + 3 * dayMs, toMs: good.toMs + 3 * dayMs };
    here.post.take({ ...good, ...later });
    here.post.take({ ...good, fromMs: nowMs - 3 * dayMs, toMs: nowMs - 3 * dayMs + hourMs });
    here.post.take({ ...good, modelDigest: "of nobody" });
    here.post.take({ ...good, fromMs: nowMs - 10 * 365 * dayMs });
    here.post.take({ ...good, sketches: [{ ...good.sketches[0]!, counts: [1] }] });
    expect(here.post.refused).toMatchObject({ future: 1, late: 1, "other-model": 1, "not-fitting": 2 });
    // What came of it is a day like any other.
    here.play(8);
    expect(here.standing("WT01").level).toBe("stable");
  });

  it("is not silenced for years by a clock that was years ahead and was set right", () => {
    const here = createSite();
    here.play(3);
    here.clock.jump(3650 * dayMs);
    here.play(2);
    here.clock.jump(-3650 * dayMs);
    here.play(9);
    expect(here.standing("WT01").level).toBe("stable");
    expect(here.events).toEqual(["drift.lost WT01: its days lie in the future; they are learnt anew"]);
  });

  it("keeps its days while the clock is not set, as after a start without the network", () => {
    const here = createSite();
    here.play(8);
    const { referenceDays } = here.standing("WT01");
    const trueMs = here.clock.nowMs();
    here.clock.jump(-trueMs);
    here.start();
    here.play(1);
    expect(here.post.refused["no-time"]).toBeGreaterThan(20);
    here.clock.jump(trueMs);
    here.play(1);
    expect(here.standing("WT01")).toMatchObject({ level: "stable" });
    expect(here.standing("WT01").referenceDays).toBeGreaterThanOrEqual(referenceDays);
    expect(here.events).toEqual([]);
  });

  it("keeps its days while the clock is behind, for less than a day or until it is confirmed", () => {
    const here = createSite();
    here.play(8);
    const { referenceDays } = here.standing("WT01");
    here.clock.jump(-5 * dayMs);
    here.start();
    here.play(1);
    expect(here.post.refused["no-time"]).toBeGreaterThan(20);
    here.clock.jump(5 * dayMs);
    here.play(1);
    expect(here.standing("WT01")).toMatchObject({ level: "stable" });
    expect(here.standing("WT01").referenceDays).toBeGreaterThanOrEqual(referenceDays);
    expect(here.events).toEqual([]);
    here.clock.jump(-5 * dayMs);
    here.isClockConfirmed = true;
    here.play(0.5);
    expect(here.events).toEqual(["drift.lost WT01: its days lie in the future; they are learnt anew"]);
  });

  describe("while it works between other things", () => {
    /** After eight days and two quieter ones, of which the last is over and waits to be assessed. */
    function playUnassessed() {
      const works: Steps<void>[] = [];
      let isBusy = false;
      const here = createSite(["WT01", "WT02"], (work) => (isBusy ? works.push(work) : finishSteps(work)));
      here.play(9);
      here.play(1, { WT01: -6 });
      isBusy = true;
      here.clock.advance(3 * hourMs);
      here.post.tick();
      return { here, works };
    }

    it("does nothing of an assessment at once, and comes to the same in the end", () => {
      const { here, works } = playUnassessed();
      expect(works).toHaveLength(1);
      expect(here.standing("WT01").level).toBe("stable");
      expect(here.standing("WT01").sinceMs).toBeLessThan(here.clock.nowMs() - dayMs);
      let steps = 0;
      while (works[0]!.next().done !== true) steps++;
      expect(steps).toBeGreaterThan(10);
      expect(here.standing("WT01").level).toBe("drift");
      expect(here.standing("WT02").level).toBe("stable");
      expect(here.events.map((event) => event.split(":")[0])).toEqual(["drift.drift WT01"]);
    });

    it("assesses a day before it takes the point's second report of the next", () => {
      const works: Steps<void>[] = [];
      const here = createSite(["WT01", "WT02"], (work) => works.push(work));
      here.play(9);
      here.play(2, { WT01: -6 });
      for (const work of works) finishSteps(work);
      expect(works.length).toBeGreaterThan(0);
      expect(here.standing("WT01").level).toBe("drift");
      expect(here.standing("WT02").level).toBe("stable");
      expect(here.post.refused).toMatchObject({ late: 0, "not-fitting": 0 });
    });

    it("assesses it after a kill in the midst of it", () => {
      const { here, works } = playUnassessed();
      for (let step = 0; step < 3; step++) works[0]!.next();
      const { referenceDays } = here.standing("WT01");
      here.start();
      here.play(1, { WT01: -6 });
      here.post.close(() => {});
      expect(here.standing("WT01")).toMatchObject({ level: "drift", referenceDays });
    });

    it("lets days go that are being assessed, and ends its work when it is closed", () => {
      const { here, works } = playUnassessed();
      for (let step = 0; step < 3; step++) works[0]!.next();
      here.post.renew({ turbine: "WT01", component }, "by technician: bearing replaced");
      here.post.close(() => {});
      expect(works[0]!.next().done).toBe(true);
      expect(here.standing("WT01")).toMatchObject({ level: "learning", referenceDays: 0, raised: null });
      expect(here.standing("WT02").sinceMs).not.toBeNull();
    });
  });
});
