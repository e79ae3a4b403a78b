import { expect, test } from "vitest";
import {
  createScadaBundle,
  createScadaSite,
  type Disturbance,
  dayMs,
  spec,
  startMs,
} from "./scada/scada-site.ts";

const days = (count: number): number => count * 24;
/** The gearbox of T1 warms by a quarter of a degree a day from day 50 on. */
const warming: Disturbance = (turbine, hour) =>
  turbine === "T1" && hour > days(50) ? { "gear-bearing": 0.25 * (hour / 24 - 50) } : null;
/** Of a bundle that scores otherwise. */
const retrained = { guard: { ...spec.guard, fall: 11 } };
const named = (events: readonly { data: { turbine: string; component: string; failureMode: string } }[]) =>
  events.map(({ data }) => `${data.turbine} ${data.component} ${data.failureMode}`);

test("a component that slowly warms is named weeks before, with its sensors' shares; nothing else is", async () => {
  const site = createScadaSite();
  const watch = site.start(createScadaBundle());
  await site.play(watch, 0, days(50));
  expect(site.alerts).toEqual([]);
  await site.play(watch, days(50), days(75), warming);
  expect(new Set(named(site.alerts))).toEqual(new Set(["T1 gearbox failure-ahead"]));
  const { data } = site.alerts[0]!;
  expect(data.horizonHours).toBe(1440);
  expect(data.explanation.groups.map(({ name }) => name)).toEqual(["gear oil", "gear bearing"]);
  const [oil, bearing] = data.explanation.groups.map(({ share }) => share) as [number, number];
  expect(bearing).toBeGreaterThan(2 * oil);
  expect(oil + bearing).toBeCloseTo(data.score, 9);
  expect(Date.parse(data.since)).toBeGreaterThan(startMs + 51 * dayMs);
  expect(data.probability).toBeGreaterThanOrEqual(data.threshold);
});

test("a phase whose sensor drops while its siblings stay is a sensor's alarm, not the transformer's", async () => {
  const site = createScadaSite();
  const watch = site.start(createScadaBundle());
  await site.play(watch, 0, days(60), (turbine, hour) =>
    turbine === "T2" && hour >= days(45) ? { "phase-3": -20 } : null,
  );
  expect(named(site.alerts)).toEqual(["T2 transformer sensor-fault"]);
  expect(site.alerts[0]!.data.horizonHours).toBeNull();
});

test("frozen data and a turbine that stands say nothing, and raise nothing", async () => {
  const site = createScadaSite();
  const watch = site.start(createScadaBundle());
  await site.play(watch, 0, days(40));
  const before = site.rows.length;
  await site.play(watch, days(40), days(44), (turbine) =>
    turbine === "T1" ? "frozen" : { power: -5000, "gear-oil": -40, "gear-bearing": -40 },
  );
  const later = site.rows.slice(before);
  // Two rows of each turbine were still open, and two of the frozen ones come before anybody can tell.
  expect(later.filter(({ judged }) => judged.state === "scored").length).toBeLessThanOrEqual(6);
  expect(site.quality.ofTurbine("T1").quarantinedByReason.stuck).toBeGreaterThan(80);
  const last = site.decisions.filter(({ point }) => point.turbine === "T2").at(-1)!;
  expect(last).toMatchObject({ operatingState: "standby", modes: [] });
  expect(site.alerts).toEqual([]);
});

test("a restart, orderly or not, changes no decision after it", async () => {
  const whole = createScadaSite();
  const watch = whole.start(createScadaBundle());
  await whole.play(watch, 0, days(48));
  await whole.play(watch, days(48), days(62), warming);
  const split = createScadaSite();
  const first = split.start(createScadaBundle());
  await split.play(first, 0, days(48));
  await first.close();
  const second = split.start(createScadaBundle());
  await split.play(second, days(48), days(52) + 10, warming);
  // Killed: never closed. The hour that was open is lost at most.
  const third = split.start(createScadaBundle());
  await split.play(third, days(52) + 10, days(62), warming);
  expect(named(split.alerts)).toEqual(named(whole.alerts));
  expect(split.alerts.length).toBeGreaterThan(0);
  const scores = (site: typeof whole) =>
    site.decisions
      .filter(({ fromMs }) => fromMs > startMs + 54 * dayMs)
      .map(({ windowId, modes }) => `${windowId} ${modes[0]?.score.toFixed(1)} ${modes[0]?.active}`);
  const differing = scores(split).filter((line, at) => line !== scores(whole)[at]);
  expect(differing.length / scores(whole).length).toBeLessThan(0.1);
});

test("what the logbook says was mended begins anew and is no longer asked for", async () => {
  const date = new Date(startMs + 66 * dayMs).toISOString().slice(0, 10);
  const site = createScadaSite([{ component: "gearbox", date }]);
  const watch = site.start(createScadaBundle());
  await site.play(watch, 0, days(100), (turbine, hour) =>
    turbine === "T1" && hour > days(50) && hour < days(66)
      ? { "gear-bearing": 0.25 * (hour / 24 - 50) }
      : turbine === "T1" && hour >= days(66)
        ? { "gear-bearing": -6 }
        : null,
  );
  const types = site.alerts.map(({ type, time }) => `${type.split(".")[3]} ${time.slice(0, 10)}`);
  expect(types[0]).toMatch(/^raised/);
  const cleared = site.alerts.find(({ type }) => type.includes("cleared"))!;
  expect(Math.abs(Date.parse(cleared.time) - startMs - 66 * dayMs)).toBeLessThan(3 * dayMs);
  // The mended gearbox runs six degrees cooler: its own past, not the old one's, is what it is held against.
  expect(site.alerts.filter(({ type }) => type.includes("raised"))).toHaveLength(1);
});

const gearboxAt = (day: number) => [
  { component: "gearbox", date: new Date(startMs + day * dayMs).toISOString().slice(0, 10) },
];
/** |z| of T1's gearbox after each row of a day, and whether its inspection is asked for. */
const gearboxOn = ({ decisions }: ReturnType<typeof createScadaSite>, day: number) =>
  decisions
    .filter(
      ({ point, fromMs }) =>
        point.component === "gearbox" && point.turbine === "T1" && fromMs >= startMs + day * dayMs,
    )
    .flatMap(({ modes }) =>
      modes.length === 0 ? [] : [{ score: modes[0]!.score, active: modes[0]!.active }],
    );

test("a repair that is taken back gives its alarm back, with the first row after the start", async () => {
  const site = createScadaSite();
  // Rounds at days 60 and 70: until then nobody asks again.
  const bundle = createScadaBundle("1.0.0", { policy: { ...spec.policy, roundDays: 10 } });
  const first = site.start(bundle);
  await site.play(first, 0, days(62), warming);
  expect(named(site.alerts)).toEqual(["T1 gearbox failure-ahead"]);
  await first.close();
  const mistaken = site.start(bundle, gearboxAt(61));
  await site.play(mistaken, days(62), days(64), warming);
  expect(site.alerts.at(-1)!.type).toContain("cleared");
  await mistaken.close();
  // It was mended all the same, on the day on which the inspection was asked for.
  const corrected = site.start(bundle, gearboxAt(60));
  await site.play(corrected, days(64), days(64) + 5, warming);
  expect(gearboxOn(site, 64).at(-1)!.active).toBe(false);
  await corrected.close();
  // Corrected once more, to a day that is still to come.
  const again = site.start(bundle, gearboxAt(700));
  await site.play(again, days(64) + 5, days(64) + 8, warming);
  expect(gearboxOn(site, 64).at(-1)!.active).toBe(true);
  expect(site.alerts.at(-1)!.type).toContain("raised");
  expect(site.events.filter((event) => event !== "T1 inspection-asked")).toEqual([
    "T1 scada-repair-taken-back",
    "T1 scada-repair-taken-back",
  ]);
  await again.close();
  await site.play(site.start(bundle, []), days(64) + 8, days(68), warming);
  expect(site.events.filter((event) => event.endsWith("taken-back"))).toHaveLength(2);
  expect(gearboxOn(site, 67).at(-1)!.active).toBe(true);
});

test.each([
  ["never was", 60, undefined],
  ["was on another day", 20, 60],
])(
  "an entry under repairs of a day on which it %s is corrected, and what follows is as if it had stood rightly",
  async (_, wrong, right) => {
    const logbook = right === undefined ? [] : gearboxAt(right);
    const stays: Disturbance = (turbine, hour) =>
      turbine === "T1" && hour > days(62) ? { "gear-bearing": 4 } : null;
    const bundle = createScadaBundle();
    const [mistaken, faultless] = [createScadaSite(gearboxAt(wrong)), createScadaSite(logbook)];
    for (const site of [mistaken, faultless]) await site.play(site.start(bundle), 0, days(100), stays);
    const difference = (day: number) =>
      Math.abs(gearboxOn(mistaken, day).at(-1)!.score - gearboxOn(faultless, day).at(-1)!.score);
    expect(difference(99)).toBeGreaterThan(1);
    await mistaken.play(mistaken.start(bundle, logbook), days(100), days(102), stays);
    await faultless.play(faultless.start(bundle), days(100), days(102), stays);
    expect(difference(101)).toBeLessThan(0.3);
    expect(mistaken.events).toContain("T1 scada-repair-taken-back");
    expect(faultless.events).not.toContain("T1 scada-repair-taken-back");
  },
);

test("an entry of a day to come does nothing before that day, and leaves nothing behind", async () => {
  const plain = createScadaSite();
  const ahead = createScadaSite(gearboxAt(400));
  const bundle = createScadaBundle();
  for (const site of [plain, ahead]) {
    await site.play(site.start(bundle), 0, days(62), warming);
    await site.play(site.start(bundle, []), days(62), days(64), warming);
  }
  expect(ahead.decisions).toEqual(plain.decisions);
  expect(ahead.events).toEqual(plain.events);
});

test("the site's own share is learnt first, and nothing is judged before it is", async () => {
  const site = createScadaSite();
  const bundle = createScadaBundle("1.0.0", { siteCorrection: { ridge: 0.01, minRows: 200 } });
  const watch = site.start(bundle);
  const warmer: Disturbance = () => ({ "gear-oil": 7 });
  await site.play(watch, 0, 150, warmer);
  expect(site.rows.every(({ judged }) => judged.residuals === null)).toBe(true);
  await watch.close();
  const resumed = site.start(bundle);
  await site.play(resumed, 150, 400, warmer);
  expect(site.events).toEqual(["T1 scada-learnt", "T2 scada-learnt"]);
  const last = site.rows.filter(({ judged }) => judged.residuals !== null).slice(-100);
  const oil = last.reduce((sum, { judged }) => sum + judged.residuals![0]!, 0) / last.length;
  expect(Math.abs(oil)).toBeLessThan(0.6);
});

test("another model learns anew and says so; damage on the disk is told", async () => {
  const site = createScadaSite();
  const watch = site.start(createScadaBundle());
  await site.play(watch, 0, days(30));
  const next = createScadaBundle("1.1.0", retrained);
  watch.use(next);
  expect(site.events).toEqual(["T1 scada-relearning", "T2 scada-relearning"]);
  await watch.close();
  site.state.set("scada-turbine/T1", "{");
  site.start(next);
  expect(site.events.at(-1)).toBe("lost scada-turbine/T1");
});

test.each([
  ["for hours", 3, 30, days(45)],
  ["over a midnight", 30, 400, days(45)],
  ["over a midnight, of a gateway that restarts every 20 hours,", 30, 400, 20],
])(
  "a clock that was ahead %s and is right again leaves no turbine unwatched",
  async (_, hours, aheadDays, runHours) => {
    const site = createScadaSite();
    const bundle = createScadaBundle();
    const watch = site.start(bundle);
    await site.play(watch, 0, days(30));
    const ahead = days(30 + aheadDays);
    await site.play(watch, ahead, ahead + hours);
    await watch.close();
    for (let hour = days(30); hour < days(75); hour += runHours) {
      const again = site.start(bundle);
      await site.play(again, hour, Math.min(hour + runHours, days(75)), warming);
      await again.close();
    }
    expect(site.events.slice(0, 2)).toEqual(["T1 scada-set-back", "T2 scada-set-back"]);
    expect(named(site.alerts)).toContain("T1 gearbox failure-ahead");
    expect(Date.parse(site.alerts[0]!.data.since)).toBeLessThan(startMs + 75 * dayMs);
    // Nor does an average of before that date stand still.
    const { memory } = JSON.parse(site.state.get("scada-turbine/T1") ?? "");
    expect(memory[0][2]).toBe(startMs + (days(75) - 3) * (dayMs / 24));
  },
);

test("a clock that is behind for an hour, as after a start without a battery, costs nothing that was learnt", async () => {
  const site = createScadaSite();
  const watch = site.start(createScadaBundle());
  await site.play(watch, 0, days(50));
  await site.play(watch, days(10), days(10) + 5);
  await site.play(watch, days(50), days(75), warming);
  expect(site.events).toEqual(["T1 inspection-asked"]);
  expect(named(site.alerts)).toContain("T1 gearbox failure-ahead");
});

test("a clock that is behind for days lets nothing go and ends no alarm", async () => {
  const site = createScadaSite();
  const bundle = createScadaBundle();
  await site.play(site.start(bundle), 0, days(62), warming);
  expect(named(site.alerts)).toContain("T1 gearbox failure-ahead");
  await site.play(site.start(bundle), days(10), days(10) + 49);
  const again = site.start(bundle);
  await site.play(again, days(64), days(70), warming);
  expect(site.events.filter((event) => event.endsWith("scada-set-back"))).toEqual([]);
  expect(site.alerts.filter(({ type }) => type.includes("cleared"))).toEqual([]);
});

test("a clock of 1970 that is set makes no decades of days", async () => {
  const site = createScadaSite();
  const watch = site.start(createScadaBundle());
  const epoch = -startMs / (dayMs / 24);
  await site.play(watch, epoch, epoch + 30);
  let written = 0;
  const { setAll } = site.state;
  site.state.setAll = (entries) => {
    written++;
    return setAll(entries);
  };
  await site.play(watch, 0, 3);
  expect(written).toBeLessThan(400);
});

test("another model does not forget which inspection was asked for", async () => {
  const site = createScadaSite();
  const watch = site.start(createScadaBundle());
  await site.play(watch, 0, days(62), warming);
  expect(named(site.alerts)).toContain("T1 gearbox failure-ahead");
  const told = site.alerts.length;
  watch.use(createScadaBundle("1.1.0", retrained));
  const stays: Disturbance = (turbine) => (turbine === "T1" ? { "gear-bearing": 3 } : null);
  await site.play(watch, days(62), days(62 + 18), stays);
  expect(site.alerts.slice(told).filter(({ type }) => type.includes("cleared"))).toEqual([]);
});
