/** Of which steps of an alarm's life it is asked who did them. */
import { expect, test } from "vitest";
import { loadDeeds } from "../../../src/collector/fleet/alarm-deeds.ts";
import type { AlarmLifeStep, EventMoment } from "../../../src/collector/record/fleet-record.ts";
import { alertEvent } from "../fleet-records.ts";

const t = 1_700_000_000_000;
type Words = readonly [AlarmLifeStep["transition"], AlarmLifeStep["state"]];

/** Names of the events that are asked for, by minute, of an alarm with these steps. */
async function ask(
  steps: readonly Words[],
  {
    sender = "gw-1",
    watching = "gw-9",
  }: { readonly sender?: string | null; readonly watching?: string | null } = {},
): Promise<readonly string[]> {
  const event = alertEvent("wt-1", "updated", t);
  const life = steps.map(([transition, state], index) => ({
    eventId: `${index}`,
    gateway: sender,
    transition,
    state,
    timeMs: t + index * 60_000,
    receivedMs: t + index * 60_000 + 300,
    probability: 0.8,
    risk: null,
  }));
  const alarm = {
    alarm: 7,
    active: true,
    sinceMs: t,
    firstMs: t,
    lastMs: t,
    saidMs: null,
    event,
    steps: life,
  };
  const asked: EventMoment[] = [];
  const eventsAt = async (moments: readonly EventMoment[]) => {
    asked.push(...moments);
    return moments.map(({ alertId, gateway, name, subject, atMs }, id) =>
      id === 0
        ? null
        : {
            id,
            gateway,
            name,
            subject,
            timeMs: atMs,
            believedMs: atMs,
            detail: id % 2 === 0 ? `by ${id}` : `by ${id}; alert ${alertId}`,
          },
    );
  };
  const turbines = [
    { site: "south", turbine: "wt-1", gateway: "gw-2" },
    { site: "north-sea", turbine: "wt-1", gateway: watching },
  ];
  const deeds = await loadDeeds({ eventsAt }, [alarm], turbines);
  // Each is told of the step that it was asked for, but the first, of which there is none.
  expect([...deeds]).toEqual(
    asked.slice(1).map(({ atMs }, index) => [life[(atMs - t) / 60_000], `by ${index + 1}`]),
  );
  const { component, failureMode } = event.data;
  for (const each of asked)
    expect(each).toMatchObject({ gateway: sender ?? watching, subject: `wt-1 ${component} ${failureMode}` });
  return asked.map(({ name, atMs }) => `${(atMs - t) / 60_000} ${name}`);
}

test("steps of people are asked for by what they brought about, others are not", async () => {
  const life: readonly Words[] = [
    ["raised", "unacknowledged"],
    ["updated", "unacknowledged"],
    ["updated", "shelved"],
    ["updated", "shelved"],
    ["updated", "unacknowledged"],
    ["acknowledged", "acknowledged"],
    ["updated", "out-of-service"],
    ["updated", "acknowledged"],
    ["cleared", "returned-unacknowledged"],
    ["updated", "shelved"],
    ["updated", "returned-unacknowledged"],
    ["updated", "out-of-service"],
    ["updated", "normal"],
  ];
  expect(await ask(life)).toEqual([
    "2 alarm.shelved",
    "4 alarm.unshelved",
    "5 alarm.acknowledged",
    "6 alarm.out-of-service",
    "7 alarm.in-service",
    "9 alarm.shelved",
    "10 alarm.unshelved",
    "11 alarm.out-of-service",
    "12 alarm.in-service",
  ]);
  // Whoever watches the turbine now: who sent the alert is asked for.
  expect(await ask(life, { watching: null })).toHaveLength(9);
  // Of alerts of which it was not kept who sent them: whoever watches the turbine.
  expect(await ask(life, { sender: null })).toHaveLength(9);
  expect(await ask(life, { sender: null, watching: null })).toEqual([]);
});

test("what came about among steps of a long life that are not read is nobody's", async () => {
  const rest: readonly Words[] = Array.from({ length: 99 }, () => ["updated", "acknowledged"]);
  expect(await ask([["raised", "shelved"], ...rest])).toEqual([]);
  expect(await ask([["raised", "shelved"], ...rest.slice(1)])).toEqual(["1 alarm.unshelved"]);
});
