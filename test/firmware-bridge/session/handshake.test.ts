import { expect, test } from "vitest";
import { createToldState } from "../../../firmware-bridge/session/handshake.ts";

test("a state is told when it changes, and connecting also when its reason does", () => {
  const told: string[] = [];
  const state = createToldState<"closed" | "connecting" | "open">("closed", (next, reason) =>
    told.push(`${next}: ${reason}`),
  );
  state.become("closed", "still");
  state.become("connecting", "opened");
  state.become("connecting", "opened");
  state.become("connecting", "no such port");
  state.become("open", "plugged in");
  state.become("open", "again");
  expect(told).toEqual(["connecting: opened", "connecting: no such port", "open: plugged in"]);
  expect([state.current, state.reason]).toEqual(["open", "plugged in"]);
});
