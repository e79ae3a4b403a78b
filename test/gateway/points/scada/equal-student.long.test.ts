/** A bundle that is published again with the same student: what was learnt of residuals goes on under its name. */
import { expect, test } from "vitest";
import type { FakeBundle } from "../../fakes.ts";
import {
  createScadaBundle,
  createScadaSite,
  type Disturbance,
  dayMs,
  type ScadaSite,
  spec,
  startMs,
} from "./scada-site.ts";

const days = (count: number): number => count * 24;
/** So that an inspection of T1 is asked for before day 46, and stands. */
const rules = {
  statistics: { ...spec.statistics, historyDays: 20, gapDays: 2, minHistoryDays: 8 },
  siteCorrection: { ridge: 0.01, minRows: 100 },
};
const publish = (version: string) => createScadaBundle(version, rules);
const rename = ({ manifest, ref, ...rest }: FakeBundle, name: string): FakeBundle => ({
  ...rest,
  manifest: { ...manifest, name },
  ref: { ...ref, name },
});
const retrained = (version: string) =>
  createScadaBundle(version, { ...rules, guard: { ...spec.guard, fall: 11 } });
const warm: Disturbance = (turbine, hour) =>
  turbine === "T1" && hour > days(38) ? { "gear-bearing": 0.5 * (hour / 24 - 38) } : null;

/** What was decided from `day` on, whatever the model is called. */
const decidedFrom = ({ decisions }: ScadaSite, day: number) =>
  decisions
    .filter(({ fromMs }) => fromMs >= startMs + day * dayMs)
    .map(({ model: _, ...decision }) => decision);
const isAsked = (site: ScadaSite): boolean =>
  site.decisions.findLast(({ point }) => point.turbine === "T1" && point.component === "gearbox")!.modes[0]
    ?.active ?? false;

async function playUndisturbed(): Promise<ScadaSite> {
  const site = createScadaSite();
  await site.play(site.start(publish("1.0.0")), 0, days(50), warm);
  return site;
}

/** Forty-six days and a half under 1.0.0. */
async function playBefore() {
  const site = createScadaSite();
  const watch = site.start(publish("1.0.0"));
  await site.play(watch, 0, days(46) + 12, warm);
  expect(isAsked(site)).toBe(true);
  expect(site.events.filter((event) => event !== "T1 inspection-asked")).toEqual(learnt);
  return { site, watch };
}
const learnt = ["T1 scada-learnt", "T2 scada-learnt"];

test("in a run an update decides as if none had come, the day and the row that are open included", async () => {
  const whole = await playUndisturbed();
  const { site, watch } = await playBefore();
  watch.use(publish("1.1.0"));
  await site.play(watch, days(46) + 12, days(50), warm);
  expect(decidedFrom(site, 0)).toEqual(decidedFrom(whole, 0));
  expect(site.events).toEqual(whole.events);
  expect(site.decisions.at(-1)!.model.version).toBe("1.1.0");
  expect(site.rows.at(-1)!.judged.bundle.ref.version).toBe("1.1.0");
});

test.each([
  ["after a kill", "scada-test", false],
  ["after an orderly end", "scada-test", true],
  ["called otherwise", "scada-renamed", true],
])("over a restart an update goes on %s", async (_, name, isClosed) => {
  const { site, watch } = await playBefore();
  if (isClosed) await watch.close();
  const next = rename(publish("1.1.0"), name);
  const told = site.events.length;
  const before = site.decisions.length;
  const again = site.start(next);
  await site.play(again, days(46) + 12, days(46) + 16, warm);
  expect(site.decisions.slice(before).every(({ modes }) => modes.length === 2)).toBe(true);
  expect(isAsked(site)).toBe(true);
  await site.play(again, days(46) + 16, days(50), warm);
  expect(site.events.slice(told).filter((event) => event !== "T1 inspection-asked")).toEqual([]);
  expect(site.state.keys("scada-farm/")).toEqual([`scada-farm/${name}`]);
  const whole = decidedFrom(await playUndisturbed(), 49);
  const own = decidedFrom(site, 49);
  expect(own.map(({ windowId }) => windowId)).toEqual(whole.map(({ windowId }) => windowId));
  for (const [at, { modes }] of own.entries())
    expect(Math.abs(modes[0]!.score - whole[at]!.modes[0]!.score)).toBeLessThan(0.2);
});

test("a bundle that is renamed for one of two turbines clears no alarm, and is the other's under its name as before", async () => {
  const { site, watch } = await playBefore();
  await watch.close();
  const told = site.events.length;
  const former = publish("1.0.0");
  const split = site.start(rename(publish("1.1.0"), "scada-renamed"), [], former);
  expect(site.state.keys("scada-farm/")).toEqual(["scada-farm/scada-test", "scada-farm/scada-renamed"]);
  await site.play(split, days(46) + 12, days(46) + 16, warm);
  expect(isAsked(site)).toBe(true);
  await site.play(split, days(46) + 16, days(50), warm);
  expect(isAsked(site)).toBe(true);
  expect(site.alerts.filter(({ type }) => type.includes("cleared"))).toEqual([]);
  expect(site.events.slice(told).filter((event) => event !== "T1 inspection-asked")).toEqual([]);
});

test("a farm under another name begins without days of turbines that it does not have", async () => {
  const { site, watch } = await playBefore();
  await watch.close();
  const key = "scada-farm/scada-test";
  const { days: known, ...kept } = JSON.parse(site.state.get(key)!);
  const ofT1 = known.filter(({ turbine }: { turbine: string }) => turbine === "T1");
  site.state.set(key, JSON.stringify({ ...kept, days: ofT1 }));
  site.start(publish("1.0.0"), [], rename(publish("1.1.0"), "scada-renamed"));
  expect(site.state.keys("scada-farm/")).toEqual([key]);
});

test("an alarm speaks of the horizon of the bundle that serves by now", async () => {
  const site = createScadaSite();
  const watch = site.start(publish("1.0.0"));
  const { manifest, ...next } = publish("1.1.0");
  watch.use({ ...next, manifest: { ...manifest, horizonHours: 720 } });
  await site.play(watch, 0, days(46) + 12, warm);
  expect(site.alerts[0]?.data).toMatchObject({ turbine: "T1", horizonHours: 720 });
});

test("a student that scores otherwise learns anew, and says so, in a run and over a restart", async () => {
  const { site, watch } = await playBefore();
  const told = site.events.length;
  const relearning = ["T1 scada-relearning", "T2 scada-relearning"];
  watch.use(retrained("1.1.0"));
  expect(site.events.slice(told)).toEqual(relearning);
  await site.play(watch, days(46) + 12, days(47), warm);
  expect(site.rows.at(-1)!.judged.state).toBe("learning");
  await watch.close();
  site.start(publish("1.2.0"));
  expect(site.events.slice(told)).toEqual([...relearning, ...relearning]);
});

test("what an earlier version kept without the digest goes on with the very same bundle, and with no other", async () => {
  const { site, watch } = await playBefore();
  await watch.close();
  const told = site.events.length;
  for (const key of ["scada-farm/scada-test", "scada-turbine/T1", "scada-turbine/T2"]) {
    const { scoringDigest, ...kept } = JSON.parse(site.state.get(key)!);
    expect(scoringDigest).toMatch(/^[0-9a-f]{64}$/);
    site.state.set(key, JSON.stringify(kept));
  }
  site.start(publish("1.1.0"));
  expect(site.events.splice(told)).toEqual(["T1 scada-relearning", "T2 scada-relearning"]);
  const same = site.start(publish("1.0.0"));
  // From the first update on it is known what they are of.
  same.use(publish("1.1.0"));
  await site.play(site.start(publish("1.2.0")), days(46) + 12, days(46) + 16, warm);
  expect(site.events.slice(told)).toEqual([]);
  expect(isAsked(site)).toBe(true);
});
