/** What events and states of an alarm come to, whichever of them arrive and in whatever order the two do. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { fromAlarmRow, toSaidText } from "../../../src/collector/record/alarm-rows.ts";
import {
  type AlarmStanding,
  alarmLifeStep,
  holdAgainstState,
  placeAlert,
} from "../../../src/collector/record/alarm-rules.ts";
import type { RecordedAlarm } from "../../../src/collector/record/fleet-record.ts";
import type { AlertEvent, AlertTransition } from "../../../src/core/contract/alert.ts";
import type { TurbineState } from "../../../src/core/contract/turbine-state.ts";
import { alertEvent, turbineState } from "../fleet-records.ts";
import { namedAlarm } from "./said-alarm-suite.ts";

type Said = TurbineState["alarms"][number];

const t = 1_700_000_000_000;
const second = 1_000;
const minute = 60_000;
const hour = 3_600_000;
const component = "gearbox-hss-bearing";

/** An alarm of a record that holds one failure mode, and keeps the rules. */
interface Row {
  readonly id: number;
  standing: AlarmStanding;
  last: AlertEvent | null;
  receivedMs: number;
  firstMs: number;
  lastMs: number;
  readonly steps: AlertEvent[];
}

function createModel(): {
  tell(event: AlertEvent, nowMs: number): void;
  say(alarms: readonly Said[], timeMs: number, seenMs: number): void;
  /** The newest first. */
  list(): readonly RecordedAlarm[];
} {
  const rows: Row[] = [];
  const add = (standing: AlarmStanding, last: AlertEvent | null, atMs: number): Row => {
    const before = rows.at(-1);
    if (before?.standing.active === true) before.standing = { active: false, said: null };
    const id = rows.length + 1;
    const row: Row = { id, standing, last, receivedMs: 0, firstMs: atMs, lastMs: atMs, steps: [] };
    rows.push(row);
    return row;
  };
  return {
    tell: (event, nowMs) => {
      const { timeMs } = alarmLifeStep(event, { gateway: "gw-1", receivedMs: nowMs });
      const newest = rows.at(-1);
      const known = newest && { alarm: newest.id, isTold: newest.last !== null, ...newest.standing };
      const placement = placeAlert(known ?? null, event, timeMs);
      let row = newest;
      if (row === undefined || placement.kind === "begin") {
        const active = placement.kind === "begin" && placement.active;
        row = add({ active, said: null }, event, timeMs);
        row.receivedMs = nowMs;
      } else if (placement.kind === "advance") {
        if (row.last === null) row.firstMs = timeMs;
        Object.assign(row, { standing: placement.standing, last: event, lastMs: placement.lastMs });
        row.receivedMs = nowMs;
      }
      row.steps.push(event);
    },
    say: (alarms, timeMs, seenMs) => {
      const newest = rows.at(-1);
      const held = newest && {
        alarm: newest.id,
        component,
        failureMode: "inner-race",
        ...newest.standing,
        twinnedMs: null,
        last: newest.last && {
          timeMs: alarmLifeStep(newest.last, { gateway: "gw-1", receivedMs: newest.receivedMs }).timeMs,
          receivedMs: newest.receivedMs,
          data: newest.last.data,
        },
      };
      const health = alarms.some(({ conditionActive }) => conditionActive) ? "critical" : "good";
      const components = [{ component, health, reason: null, sinceMs: null }] as const;
      const state = turbineState("wt", timeMs, "0".repeat(64), { alarms, components });
      for (const change of holdAgainstState(held === undefined ? [] : [held], { state, seenMs })) {
        if (change.kind === "begin") add({ active: true, said: change.said }, null, change.said.atMs);
        else Object.assign(newest!, { standing: change.standing, lastMs: change.lastMs });
      }
    },
    list: () =>
      rows.toReversed().map(({ id, standing, last, firstMs, lastMs, steps }) => {
        const texts = { json: last && JSON.stringify(last), said: toSaidText(standing.said) };
        const names = { site: "north-sea", turbine: "wt" };
        const row = { id, ...names, active: standing.active, ...texts, first_ms: firstMs, last_ms: lastMs };
        return fromAlarmRow(
          row,
          steps.map((step) => alarmLifeStep(step, { gateway: "gw-1", receivedMs: lastMs })),
        );
      }),
  };
}

test("an alarm comes to what its gateway last said of it, whichever events and states arrive, in whatever order the two do", () => {
  fc.assert(
    fc.property(histories, ({ moments, isWhole }) => {
      const { tell, say, list } = createModel();
      const told = moments.filter(({ isHeard }) => isHeard || isWhole);
      // Each has its own way: events come in their order, a state may be overtaken by any of them and by other states.
      const arrivals = [
        ...told.map(({ event }, index) => ({
          atMs: arrivalOf(told, index),
          take: (nowMs: number) => tell(event, nowMs),
        })),
        ...moments.flatMap(({ said, saidLateMs, atMs }) =>
          saidLateMs === null
            ? []
            : [{ atMs: atMs + saidLateMs, take: (nowMs: number) => say(said, atMs + 1, nowMs) }],
        ),
      ].sort((a, b) => a.atMs - b.atMs);
      for (const { atMs, take } of arrivals) take(atMs);
      const { said: last, event } = moments.at(-1)!;
      const endMs = (arrivals.at(-1)?.atMs ?? t) + hour;
      say(last, endMs, endMs);
      const items = list();
      say(last, endMs + 5 * second, endMs + 5 * second);
      expect(list(), "nothing is left to be done").toEqual(items);
      const standing = items.filter(({ active }) => active).map(({ event: { data } }) => pick(data));
      const truth = last.filter(({ conditionActive }) => conditionActive).map(pick);
      const isWithheld = truth.some(({ state }) => state === "shelved");
      // What is withheld, and of which no event came, begins nothing.
      if (!isWithheld || standing.length > 0) expect(standing).toEqual(truth);
      expect(items.length).toBeLessThanOrEqual(
        new Set(moments.map(({ event: { data } }) => data.since)).size,
      );
      if (!isWhole) return;
      expect(standing).toEqual(truth);
      expect(items.map(({ saidMs }) => saidMs).filter((saidMs) => saidMs !== null)).toEqual([]);
      expect(items.flatMap(({ steps }) => steps)).toHaveLength(moments.length);
      expect(items[0]!.event).toEqual(event);
    }),
    { numRuns: 3_000 },
  );
});

function pick({ state, severity, since }: Said): Partial<Said> {
  return { state, severity, since };
}

/** A lane keeps its order: none comes before the one ahead of it. */
function arrivalOf(told: readonly Moment[], index: number): number {
  return Math.max(...told.slice(0, index + 1).map(({ atMs, lateMs }) => atMs + lateMs));
}

/** Something that happened to an alarm. */
interface Moment {
  readonly atMs: number;
  readonly event: AlertEvent;
  /** What the state says from then on. */
  readonly said: readonly Said[];
  readonly isHeard: boolean;
  readonly lateMs: number;
  /** How late the state comes; null: never. */
  readonly saidLateMs: number | null;
}

const lateness = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 10_000 }),
  fc.integer({ min: 0, max: 6 * hour }),
);

/** What a gateway may tell of one alarm: it comes and goes, gets worse, and people do what they may. */
const histories: fc.Arbitrary<{ readonly isWhole: boolean; readonly moments: readonly Moment[] }> = fc
  .record({
    isWhole: fc.boolean(),
    choices: fc.array(
      fc.record({
        choice: fc.nat(),
        afterMs: fc.oneof(
          fc.integer({ min: 3_000, max: minute }),
          fc.integer({ min: minute, max: 3 * hour }),
        ),
        isHeard: fc.boolean(),
        lateMs: lateness,
        saidLateMs: fc.option(lateness),
      }),
      { minLength: 1, maxLength: 10 },
    ),
  })
  .map(({ isWhole, choices }) => {
    const moments: Moment[] = [];
    let atMs = t;
    let alarm: Said = namedAlarm(t, { state: "normal", conditionActive: false });
    for (const { choice, afterMs, ...arrival } of choices) {
      atMs += afterMs;
      const moves = movesOf(alarm, atMs);
      const { transition, next } = moves[choice % moves.length]!;
      alarm = next;
      const { state, since, severity = "warning" } = alarm;
      const event = alertEvent("wt", transition, atMs, { state, since, severity });
      moments.push({ atMs, event, said: state === "normal" ? [] : [alarm], ...arrival });
    }
    return { isWhole, moments };
  });

interface Move {
  readonly transition: AlertTransition;
  readonly next: Said;
}

function movesOf(alarm: Said, atMs: number): readonly Move[] {
  const { state, conditionActive, severity } = alarm;
  const to = (transition: AlertTransition, changes: Partial<Said>): Move => ({
    transition,
    next: { ...alarm, ...changes },
  });
  const raise = to("raised", namedAlarm(atMs - second, { severity: "warning" }));
  const worse = severity === "critical" ? [] : [to("updated", { severity: "critical" })];
  const shelve = to("updated", { state: "shelved" });
  switch (state) {
    case "normal":
      return [raise];
    case "unacknowledged":
      return [
        ...worse,
        shelve,
        to("acknowledged", { state: "acknowledged" }),
        to("cleared", { state: "returned-unacknowledged", conditionActive: false }),
      ];
    case "acknowledged":
      return [...worse, shelve, to("cleared", { state: "normal", conditionActive: false })];
    case "returned-unacknowledged":
      return [raise, shelve, to("acknowledged", { state: "normal" })];
    default:
      return conditionActive === true
        ? [...worse, to("updated", { state: "acknowledged" }), to("cleared", { conditionActive: false })]
        : [to("updated", { state: "normal" })];
  }
}
