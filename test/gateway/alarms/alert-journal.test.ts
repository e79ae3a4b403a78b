import { join } from "node:path";
import { expect, test } from "vitest";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";
import { type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import type { AlertJournal } from "../../../src/gateway/alarms/alert-journal.ts";
import type { AlertSink } from "../../../src/gateway/alarms/alert-sink.ts";
import { createStateStore, type StateStore } from "../../../src/gateway/record/state-store.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { alertEvent } from "../../collector/fleet-records.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { createFakeState } from "../fakes.ts";
import { openJournal } from "./open-journal.ts";

/** One run of a gateway over the same file; `dieAt` says where it is killed. */
function run(
  path: string,
  work: (journal: AlertJournal, state: StateStore) => void,
  options: { readonly dieAt?: "append" | "send"; readonly isCommitted?: () => boolean } = {},
): string[] {
  const file = openStoreFile({ path });
  const state = createStateStore(file);
  const recorded: string[] = [];
  const sink: AlertSink = {
    name: "held",
    waitingKey: "held",
    refused: [],
    // A process that was killed here never hears whether the event was taken.
    isReady: options.dieAt === "send",
    deliver: () => new Promise(() => {}),
    onReady: () => {},
  };
  const journal = openJournal([sink], {
    state,
    append: (event) => {
      if (options.dieAt === "append") throw new Error("killed at append");
      recorded.push(event.id);
    },
    isCommitted: options.isCommitted ?? (() => true),
  });
  try {
    work(journal, state);
  } catch (error) {
    expect(String(error)).toContain("killed");
  }
  file.close();
  return recorded;
}

const event = alertEvent("wt-1", "raised", 1_700_000_000_000);
const idle = (): void => {};

test("an alert whose gateway is killed before the outbox has it is recorded by the next run, once", () => {
  const path = join(createTemporaryFolder(), "gateway.db");
  expect(
    run(path, (journal) => journal.take([event], () => ({ serving: "told" })), { dieAt: "append" }),
  ).toEqual([]);
  const kept = run(path, (_, state) => {
    expect(state.get("serving")).toBe("told");
    expect(state.get("held")).toContain(event.id);
  });
  expect(kept).toEqual([event.id]);
  expect(run(path, idle)).toEqual([]);
});

test("an alert whose gateway is killed right after is at worst recorded twice under one id", () => {
  const path = join(createTemporaryFolder(), "gateway.db");
  const first = run(path, (journal) => journal.take([event], () => ({})), { dieAt: "send" });
  expect([...first, ...run(path, idle)]).toEqual([event.id, event.id]);
  expect(run(path, idle)).toEqual([]);
});

test("alerts that the outbox can only hold in memory are kept until it has written them", () => {
  const path = join(createTemporaryFolder(), "gateway.db");
  const later = alertEvent("wt-2", "raised", 1_700_000_001_000);
  const take = (journal: AlertJournal): void => {
    journal.take([event], () => ({}));
    journal.take([later], () => ({}));
  };
  run(path, take, { isCommitted: () => false });
  expect(run(path, (journal) => journal.close())).toEqual([event.id, later.id]);
  expect(run(path, idle)).toEqual([]);
});

test("a sink that throws where it must not is logged, and costs neither the process nor the alert", async () => {
  const path = join(createTemporaryFolder(), "gateway.db");
  const file = openStoreFile({ path });
  const errors: string[] = [];
  const logger: Logger = { ...silentLogger, error: (message) => errors.push(message), child: () => logger };
  const sink: AlertSink = {
    name: "broken",
    waitingKey: "broken",
    refused: [],
    get isReady(): boolean {
      throw new Error("a bug of the sink");
    },
    deliver: () => Promise.resolve(),
    onReady: () => {},
  };
  const state = createStateStore(file);
  const journal = openJournal([sink], { state, logger });
  journal.take([event], () => ({}));
  await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toContain("what waits for a sink could not be sent");
  expect(state.get("broken")).toContain(event.id);
  file.close();
});

test("an event that is given up while it is being delivered takes none of the others with it", async () => {
  const taken: string[] = [];
  let letGo = idle;
  const sink: AlertSink = {
    name: "slow",
    waitingKey: "slow",
    refused: [],
    isReady: true,
    deliver: async ({ id }) => {
      if (taken.push(id) === 1)
        await new Promise<void>((resolve) => {
          letGo = resolve;
        });
    },
    onReady: idle,
  };
  const journal = openJournal([sink]);
  for (let index = 0; index <= 200; index++) journal.take([{ ...event, id: `alert-${index}` }], () => ({}));
  expect([taken, journal.undelivered]).toEqual([["alert-0"], 200]);
  letGo();
  await new Promise((resolve) => setImmediate(resolve));
  expect(taken).toEqual(Array.from({ length: 201 }, (_, index) => `alert-${index}`));
  expect(journal.undelivered).toBe(0);
});

test("what waited for a sink is written down every sixteenth delivery and at the end: a kill repeats no more", async () => {
  const state = createFakeState();
  const taken: string[] = [];
  let writes = 0;
  /** The most that were taken and would be delivered again after a kill. */
  let mostRepeated = 0;
  let isReady = false;
  let becomeReady = idle;
  const sink: AlertSink = {
    name: "held",
    waitingKey: "held",
    refused: [],
    get isReady() {
      return isReady;
    },
    deliver: async ({ id }) => {
      if (taken.length === 40) throw new Error("gone again");
      taken.push(id);
      const kept: AlertEvent[] = JSON.parse(state.get("held")!);
      mostRepeated = Math.max(mostRepeated, kept.filter((each) => taken.includes(each.id)).length);
    },
    onReady: (callback) => {
      becomeReady = callback;
    },
  };
  const journal = openJournal([sink], {
    state: {
      ...state,
      set: (key, text) => {
        writes++;
        return state.set(key, text);
      },
    },
  });
  for (let index = 0; index < 50; index++) journal.take([{ ...event, id: `alert-${index}` }], () => ({}));
  isReady = true;
  becomeReady();
  await new Promise((resolve) => setImmediate(resolve));
  expect([writes, mostRepeated]).toEqual([3, 16]);
  expect(JSON.parse(state.get("held")!)).toHaveLength(10);
});

/** A journal whose only sink takes nothing until `becomeReady`, and refuses what `refuses` names then. */
function openHeldJournal(refuses: (event: AlertEvent) => boolean = () => false) {
  const told: string[] = [];
  const errors: string[] = [];
  const logger: Logger = { ...silentLogger, error: (message) => errors.push(message), child: () => logger };
  const taken: string[] = [];
  let isReady = false;
  let heard = idle;
  const sink: AlertSink = {
    name: "held",
    waitingKey: "held",
    refused: [],
    get isReady() {
      return isReady;
    },
    deliver: async (each) => {
      if (refuses(each)) throw new Error("refused");
      taken.push(each.id);
    },
    onReady: (callback) => {
      heard = callback;
    },
  };
  const journal = openJournal([sink], {
    onGivenUp: (name, count) => void told.push(`${name} ${count}`),
    logger,
  });
  const becomeReady = async (): Promise<void> => {
    isReady = true;
    heard();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { journal, told, errors, taken, becomeReady };
}

const since = new Date(1_700_000_000_000).toISOString();

test("of more alerts than there is room for updates and people's steps go, and how many is told once", async () => {
  const { journal, told, errors, taken, becomeReady } = openHeldJournal();
  // Sixty alarms of which all but how each began, and that it ended, must go, and a few steps may stay.
  const updates = Array.from({ length: 17 }, () => "updated" as const);
  const steps = ["raised", ...updates, "cleared", "acknowledged"] as const;
  const made = Array.from({ length: 60 }, (_, turbine) =>
    steps.map((step, index) => alertEvent(`wt-${turbine}`, step, 1_700_000_000_000 + index, { since })),
  ).flat();
  for (const each of made) journal.take([each], () => ({}));
  expect([journal.undelivered, errors.length, told]).toEqual([200, 1, []]);
  await becomeReady();
  expect(taken).toHaveLength(200);
  const ends = made.filter(({ type }) => /raised|cleared/.test(type)).map(({ id }) => id);
  expect(ends.filter((id) => !taken.includes(id))).toEqual([]);
  expect(told).toEqual(["held 1000"]);
});

test("the newest that an alarm says of itself goes after what people made of it, and beginnings and ends go last, the oldest first", async () => {
  const { journal, taken, becomeReady } = openHeldJournal();
  const tell = (turbine: string, ...steps: ("raised" | "updated" | "acknowledged" | "cleared")[]): void => {
    for (const [index, step] of steps.entries())
      journal.take([alertEvent(turbine, step, 1_700_000_000_000 + index, { since })], () => ({}));
  };
  tell("stands", "raised", "acknowledged", "updated");
  for (let turbine = 0; turbine < 99; turbine++) tell(`wt-${turbine}`, "raised", "cleared");
  await becomeReady();
  expect(taken.slice(0, 3)).toEqual([
    "stands/raised/1700000000000",
    "stands/updated/1700000000002",
    "wt-0/raised/1700000000000",
  ]);
  const full = openHeldJournal();
  for (let turbine = 0; turbine < 101; turbine++)
    for (const step of ["raised", "cleared"] as const)
      full.journal.take([alertEvent(`wt-${turbine}`, step, 1_700_000_000_000, { since })], () => ({}));
  await full.becomeReady();
  expect(full.taken).toHaveLength(200);
  expect(full.taken[0]).toBe("wt-1/raised/1700000000000");
});

test("how many were given up is told once the sink is ready, also where it goes on refusing some", async () => {
  const { journal, told, becomeReady } = openHeldJournal(({ data }) => data.turbine === "wt-0");
  for (let index = 0; index < 205; index++)
    journal.take([alertEvent(`wt-${index % 2}`, "raised", 1_700_000_000_000 + index)], () => ({}));
  await becomeReady();
  expect([told, journal.undelivered > 0]).toEqual([["held 5"], true]);
});
