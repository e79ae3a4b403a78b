/** What a turbine's state makes of alarms whose beginning, steps or end a record did not hear, alike in every engine. */
import { expect, it } from "vitest";
import { twoForMs } from "../../../src/collector/record/clone-rules.ts";
import type { FleetRecord, RecordedAlarm } from "../../../src/collector/record/fleet-record.ts";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";
import { ok } from "../../../src/core/contract/result.ts";
import { componentHealths, type TurbineState } from "../../../src/core/contract/turbine-state.ts";
import { createLane } from "../envelope-of.ts";
import { alertEvent, turbineState } from "../fleet-records.ts";

type Said = TurbineState["alarms"][number];

const t = 1_700_000_000_000;
const second = 1_000;
const minute = 60_000;
const hour = 3_600_000;
const component = "gearbox-hss-bearing";
const timeOf = (ms: number): string => new Date(ms).toISOString();

/** An alarm as a state names it. */
export function namedAlarm(sinceMs: number, changes: Partial<Said> = {}): Said {
  const since = timeOf(sinceMs);
  return {
    component,
    failureMode: "inner-race",
    state: "unacknowledged",
    conditionActive: true,
    since,
    probability: 0.9,
    severity: "critical",
    ...changes,
  };
}

interface Teller {
  /** An event that arrives at `nowMs`. */
  tell(event: AlertEvent, nowMs: number): Promise<void>;
  /** A state of `timeMs` that is heard of at `seenMs`. */
  say(
    alarms: readonly Said[],
    timeMs: number,
    changes?: Partial<TurbineState> & { seenMs?: number; twins?: readonly string[] },
  ): Promise<void>;
  list(): Promise<readonly RecordedAlarm[]>;
}

let lives = 0;

function createTeller(record: FleetRecord, turbine = "wt-1"): Teller {
  const bootId = `teller-${++lives}`;
  const store = createLane(record, { nowMs: t, gateway: `gw-${bootId}`, bootId, lane: "alert" });
  return {
    tell: async (event, nowMs) => {
      const stored = await store([{ kind: "alert", event }], nowMs);
      expect(stored.records).toEqual([ok("alert")]);
    },
    say: async (alarms, timeMs, { seenMs = timeMs, twins = null, ...changes } = {}) => {
      const components = [{ component, health: "good" as const, reason: null, sinceMs: null }];
      const state = turbineState(turbine, timeMs, "0".repeat(64), { alarms, components, ...changes });
      const batch = { nowMs: seenMs, turbines: [{ state, seenMs, twins }], gateways: [], setAside: [] };
      expect(await record.storeStates(batch)).toEqual([]);
    },
    list: async () => (await record.alarms({ turbine, limit: 100, offset: 0 })).items,
  };
}

export function describeSaidAlarms(open: () => Promise<FleetRecord>): void {
  const openTeller = async (): Promise<Teller> => createTeller(await open());

  it("tells until when an alarm is shelved, by its event or by its turbine's state, and no more once it is shown", async () => {
    const { say, tell, list } = await openTeller();
    const untilOf = async () => (await list())[0]!.event.data.until;
    const until = timeOf(t + hour);
    await tell(alertEvent("wt-1", "raised", t), t);
    await say([namedAlarm(t, { state: "shelved", until })], t + 10 * minute);
    expect(await untilOf()).toBe(until);
    const shelved = { state: "shelved", until, since: timeOf(t) } as const;
    await tell(alertEvent("wt-1", "updated", t + 20 * minute, shelved), t + 20 * minute);
    expect(await untilOf()).toBe(until);
    // Its gateway's clock was set, and moved the end along.
    const moved = timeOf(t + 2 * hour);
    await say([namedAlarm(t, { state: "shelved", until: moved })], t + 25 * minute);
    expect(await untilOf()).toBe(moved);
    await say([namedAlarm(t, { state: "shelved", until: moved })], t + 26 * minute);
    expect((await list())[0]!.saidMs).toBe(t + 25 * minute);
    await say([namedAlarm(t)], t + 30 * minute);
    expect(await untilOf()).toBeUndefined();
  });

  it("lists alarms by how much they need attention, by what was heard last of each", async () => {
    const record = await open();
    const teller = createTeller(record);
    const kinds = {
      newest: { severity: "warning" },
      shelved: { severity: "critical", state: "shelved" },
      acknowledged: { severity: "critical", state: "acknowledged" },
      old: { severity: "warning" },
      critical: { severity: "critical" },
      over: { severity: "critical" },
    } as const;
    for (const [index, [failureMode, change]] of Object.entries(kinds).entries())
      await teller.tell(alertEvent("wt-1", "raised", t - index * second, { failureMode, ...change }), t);
    await teller.tell(alertEvent("wt-1", "cleared", t, { failureMode: "over" }), t);
    // Of these two no event tells how they are by now.
    await teller.say(
      [
        namedAlarm(t - hour, { failureMode: "said" }),
        namedAlarm(t, { failureMode: "acknowledged", severity: "warning", state: "acknowledged" }),
      ],
      t + 10 * minute,
      { components: [] },
    );
    const query = { limit: 9, offset: 0, order: "urgency" } as const;
    const modes = (await record.alarms(query)).items.map(({ event }) => event.data.failureMode);
    expect(modes).toEqual(["said", "critical", "newest", "old", "acknowledged", "shelved", "over"]);
    const part = await record.alarms({ ...query, active: true, limit: 2, offset: 2 });
    expect(part).toMatchObject({
      total: 6,
      items: ["newest", "old"].map((failureMode) => ({ event: { data: { failureMode } } })),
    });
  });

  it("knows an alarm of which no event came from its turbine's state, until its events come", async () => {
    const { say, tell, list } = await openTeller();
    await say([namedAlarm(t - hour, { severity: "warning" })], t);
    expect(await list()).toMatchObject([
      {
        active: true,
        saidMs: t,
        sinceMs: t - hour,
        steps: [],
        event: { data: { state: "unacknowledged", severity: "warning", model: { name: "unknown" } } },
      },
    ]);
    await say([namedAlarm(t - hour, { state: "acknowledged" })], t + 5 * second);
    expect(await list()).toMatchObject([
      { saidMs: t + 5 * second, event: { data: { state: "acknowledged", severity: "critical" } } },
    ]);
    const raised = alertEvent("wt-1", "raised", t - hour);
    await tell(raised, t + 10 * second);
    expect(await list()).toMatchObject([
      {
        active: true,
        saidMs: t + 5 * second,
        event: { ...raised, data: { state: "acknowledged" } },
        steps: [{}],
      },
    ]);
    const acknowledged = alertEvent("wt-1", "acknowledged", t - minute, { since: timeOf(t - hour) });
    await tell(acknowledged, t + 11 * second);
    const known = await list();
    expect(known).toMatchObject([{ active: true, saidMs: null, firstMs: t - hour, lastMs: t - minute }]);
    expect(known[0]!.event).toEqual(acknowledged);
  });

  it("ends an alarm whose end was not heard, by a state that came well after it, and takes its end when it comes", async () => {
    const { say, tell, list } = await openTeller();
    await tell(alertEvent("wt-1", "raised", t), t + second);
    // It may have been made before the alarm was raised.
    await say([], t + minute);
    expect(await list()).toMatchObject([{ active: true, saidMs: null }]);
    // Nor does an old one count, whenever it comes, or one of a gateway that does not watch the component.
    await say([], t - hour, { seenMs: t + hour });
    await say([], t + hour, { components: [] });
    await say([], t + 5 * second, { seenMs: t + hour });
    // Nor by a clock that cannot be right.
    await say([], t + 90 * 24 * hour, { seenMs: t + hour });
    expect(await list()).toMatchObject([{ active: true, saidMs: null }]);
    await say([], t + hour);
    const clearedBecause = `its end was not heard here: its gateway's state of ${timeOf(t + hour)} names it no more`;
    const over = { active: false, saidMs: t + hour, lastMs: t + hour };
    expect(await list()).toMatchObject([{ ...over, event: { data: { state: "normal", clearedBecause } } }]);
    await say([], t + hour + 5 * second);
    expect(await list()).toMatchObject([over]);
    const cleared = alertEvent("wt-1", "cleared", t + 30 * minute);
    await tell(cleared, t + 2 * hour);
    expect((await list())[0]).toMatchObject({
      active: false,
      saidMs: null,
      lastMs: t + 30 * minute,
      event: cleared,
    });
  });

  it("ends no alarm because a state is silent of it that does not say its component is good: its gateway may have lost its memory", async () => {
    const { say, tell, list } = await openTeller();
    await tell(alertEvent("wt-1", "raised", t), t);
    const unheard = componentHealths.filter((health) => health !== "good");
    for (const [index, health] of unheard.entries()) {
      const components = [{ component, health, reason: null, sinceMs: null }];
      await say([], t + hour + index * minute, { components });
    }
    await say([], t + 2 * hour, { components: undefined });
    expect(await list()).toMatchObject([{ active: true, saidMs: null, lastMs: t }]);
    // Of one that is named as over there is nothing to guess.
    const components = [{ component, health: "no-data" as const, reason: null, sinceMs: null }];
    const returned = namedAlarm(t, { state: "returned-unacknowledged", conditionActive: false });
    await say([returned], t + 3 * hour, { components });
    expect(await list()).toMatchObject([{ active: false, saidMs: t + 3 * hour }]);
  });

  it("ends no alarm by a state while several gateways speak of its turbine", async () => {
    const record = await open();
    const { say, tell, list } = createTeller(record);
    const twins = ["gw-1", "gw-2"];
    const isActive = async (): Promise<readonly boolean[]> => (await list()).map(({ active }) => active);
    await tell(alertEvent("wt-1", "raised", t), t);
    await say([namedAlarm(t)], t + hour);
    // Another gateway, which watches it as well or has taken the other's place.
    await say([], t + hour + 5 * second, { twins: [] });
    await say([], t + hour + 10 * second);
    expect(await isActive()).toEqual([true]);
    await say([namedAlarm(t)], t + hour + 15 * second, { twins });
    const returned = namedAlarm(t, { state: "returned-unacknowledged", conditionActive: false });
    for (const [index, alarms] of [[], [returned], [namedAlarm(t, { severity: "warning" })], []].entries())
      await say(alarms, t + hour + (20 + 5 * index) * second, { twins });
    expect(await list()).toMatchObject([{ active: true, event: { data: { severity: "warning" } } }]);
    const other = createTeller(record, "wt-2");
    await other.tell(alertEvent("wt-2", "raised", t), t);
    await other.say([], t + hour);
    expect((await other.list()).map(({ active }) => active)).toEqual([false]);
    // Its own end counts.
    await tell(alertEvent("wt-1", "cleared", t + 2 * hour, { since: timeOf(t) }), t + 2 * hour);
    expect(await isActive()).toEqual([false]);
    await tell(alertEvent("wt-1", "raised", t + 3 * hour), t + 3 * hour);
    await say([], t + 4 * hour, { twins });
    await say([], t + 4 * hour + twoForMs - 1);
    expect(await isActive()).toEqual([true, false]);
    await say([], t + 4 * hour + twoForMs);
    expect(await isActive()).toEqual([false, false]);
  });

  it("takes the end of an alarm also where a state that does not name it came a moment before", async () => {
    const { say, tell, list } = await openTeller();
    await tell(alertEvent("wt-1", "raised", t), t);
    await say([], t + hour);
    const cleared = alertEvent("wt-1", "cleared", t + hour - second);
    await tell(cleared, t + hour + second);
    expect((await list())[0]).toMatchObject({ active: false, saidMs: null, event: cleared });
  });

  it("has an alarm stand again that its gateway, set back to what it was, says to stand", async () => {
    const { say, tell, list } = await openTeller();
    const since = timeOf(t);
    await tell(alertEvent("wt-1", "raised", t), t);
    await tell(alertEvent("wt-1", "cleared", t + hour, { since }), t + hour);
    await say([namedAlarm(t)], t + hour + second);
    expect(await list()).toMatchObject([{ active: false }]);
    await say([namedAlarm(t)], t + 2 * hour);
    expect(await list()).toMatchObject([
      { active: true, saidMs: t + 2 * hour, event: { data: { state: "unacknowledged" } } },
    ]);
    await tell(alertEvent("wt-1", "acknowledged", t + 3 * hour, { since }), t + 3 * hour);
    expect(await list()).toMatchObject([
      { active: true, saidMs: null, event: { type: "io.aurora.alert.acknowledged.v1" } },
    ]);
    await tell(alertEvent("wt-1", "cleared", t + 4 * hour, { since }), t + 4 * hour);
    expect(await list()).toMatchObject([{ active: false, saidMs: null, lastMs: t + 4 * hour }]);
  });

  it("shows an alarm of another beginning that a state names, and has both once the events of the other come", async () => {
    const { say, tell, list } = await openTeller();
    const first = alertEvent("wt-1", "raised", t);
    await tell(first, t);
    await say([namedAlarm(t + hour)], t + 2 * hour);
    const unheard = {
      active: true,
      sinceMs: t + hour,
      firstMs: t + 2 * hour,
      saidMs: t + 2 * hour,
      steps: [],
    };
    expect(await list()).toMatchObject([unheard]);
    const cleared = alertEvent("wt-1", "cleared", t + minute, { since: timeOf(t) });
    await tell(cleared, t + 2 * hour);
    expect(await list()).toMatchObject([unheard]);
    const second = alertEvent("wt-1", "raised", t + hour);
    await tell(second, t + 2 * hour);
    expect(await list()).toMatchObject([
      { active: true, saidMs: null, event: second },
      { active: false, saidMs: null, event: cleared, steps: [{ eventId: first.id }, {}] },
    ]);
  });

  it("follows how urgent a state says an alarm is, and what people made of it", async () => {
    const { say, tell, list } = await openTeller();
    const raised = alertEvent("wt-1", "raised", t, { severity: "warning" });
    await tell(raised, t);
    await say([namedAlarm(t, { state: "shelved" })], t + hour);
    const data = { ...raised.data, state: "shelved", severity: "critical" };
    expect(await list()).toMatchObject([{ active: true, saidMs: t + hour, event: { ...raised, data } }]);
    await say([namedAlarm(t, { severity: "warning" })], t + 2 * hour);
    expect(await list()).toMatchObject([{ active: true, saidMs: null, lastMs: t, event: raised }]);
  });

  it("ends what was shelved after an end that was not heard, and begins nothing that is withheld", async () => {
    const { say, tell, list } = await openTeller();
    const shelved = alertEvent("wt-1", "updated", t, { state: "shelved", since: timeOf(t - hour) });
    await tell(shelved, t);
    const over = namedAlarm(t - hour, { state: "shelved", conditionActive: false });
    const others = ["shelved", "suppressed", "out-of-service", "returned-unacknowledged"] as const;
    const withheld = others.map((state) => namedAlarm(t, { failureMode: state, state }));
    await say([over, ...withheld], t + hour);
    const clearedBecause = `its end was not heard here: its gateway's state of ${timeOf(t + hour)} says that it is over`;
    expect(await list()).toMatchObject([
      { active: false, saidMs: t + hour, event: { data: { state: "shelved", clearedBecause } } },
    ]);
  });
}
