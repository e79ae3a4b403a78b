import { expect, test } from "vitest";
import { type Logger, silentLogger } from "../../../../src/core/platform/logger.ts";
import { createRefusalLog } from "../../../../src/core/platform/mqtt/login-refusals.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

function listen() {
  const said: Record<string, unknown>[] = [];
  const logger: Logger = { ...silentLogger, warn: (_message, fields) => void said.push({ ...fields }) };
  const clock = createManualClock();
  return { said, clock, tell: createRefusalLog(logger, clock) };
}

const wrong = { user: "gw-1", address: "10.0.0.5", reason: "its password is not the enrolled one" };

test("a refusal is told at once, the same again once a minute with how often", () => {
  const { said, clock, tell } = listen();
  for (let second = 0; second <= 61; second++) {
    tell(wrong);
    clock.advance(1000);
  }
  expect(said).toEqual([wrong, { ...wrong, sameBefore: 59 }]);
  tell({ ...wrong, user: "gw-2" });
  expect(said).toHaveLength(3);
});

test("what a look at the port causes as well is told once an hour", () => {
  const { said, clock, tell } = listen();
  for (let minute = 0; minute < 61; minute++) {
    tell({ ...wrong, user: null, isVague: true });
    clock.advance(60_000);
  }
  expect(said).toHaveLength(2);
});

test("a flood of names costs twenty lines a minute, a bounded memory, and a line of how many more", () => {
  const { said, clock, tell } = listen();
  for (let minute = 0; minute < 3; minute++) {
    for (let at = 0; at < 5000; at++) tell({ ...wrong, user: `${minute}-${at}`.padEnd(300, "x") });
    clock.advance(60_000);
  }
  expect(said).toHaveLength(3 * 20 + 2);
  expect(said[20]).toEqual({ count: 4980 });
  expect(String(said[0]?.user)).toHaveLength(64);
});

test("names that a scanner tried twice are forgotten with their time, and told of in the sum", () => {
  const { said, clock, tell } = listen();
  for (let minute = 0; minute < 55; minute++) {
    for (let at = 0; at < 40; at++) tell({ ...wrong, user: `${minute}-${at >> 1}` });
    clock.advance(61_000);
  }
  said.length = 0;
  clock.advance(30 * 86_400_000);
  tell(wrong);
  // A second try of each of the thousand that were followed, and the last minute's, of which nobody was.
  expect(said).toEqual([{ count: 1000 + 40 }, wrong]);
});

test("topics, which a client chooses, tell no refusals apart: the first is told, and other clients' lines are left", () => {
  const { said, clock, tell } = listen();
  const guest = { user: null, address: "10.0.0.9", reason: "no right to it" };
  const gateway = { ...wrong, reason: "no right to it", topic: "turbine/north/+/state" };
  for (let minute = 0; minute < 2; minute++) {
    for (let at = 0; at < 30; at++) tell({ ...guest, topic: `${minute}/${at}` });
    tell(gateway);
    clock.advance(60_000);
  }
  expect(said).toEqual([
    { ...guest, topic: "0/0" },
    gateway,
    { ...guest, topic: "1/0", sameBefore: 29 },
    gateway,
  ]);
});
