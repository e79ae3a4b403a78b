import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemTimers } from "../../../src/core/platform/clock.ts";
import { listeningPort } from "../../support/listening-port.ts";

/** Two ends of a connection. */
async function openPair(): Promise<readonly [Socket, Socket]> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const near = connect(listeningPort(server), "127.0.0.1");
  const [far] = (await accepted) as [Socket];
  onTestFinished(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return [near, far];
}

/** Keeps the event loop from its work, as a machine that stands still does. */
const standStill = (ms: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test("a timer that fell due while the process stood still waits for what came meanwhile, and can still be called off", async () => {
  const [near, far] = await openPair();
  const order: string[] = [];
  let callOff = (): void => {};
  near.on("data", () => {
    order.push("heard");
    callOff();
  });
  // The socket reads from here on.
  await turn();
  systemTimers.after(10, () => order.push("silent"));
  callOff = systemTimers.after(10, () => order.push("called off"));
  far.write("x");
  standStill(50);
  await new Promise<void>((resolve) => systemTimers.after(20, resolve));
  expect(order).toEqual(["heard", "silent"]);
});

test("a timer of months does not end at once, as one of Node's beyond 2^31 - 1 ms does", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate"] });
  onTestFinished(() => void vi.useRealTimers());
  const monthsMs = 90 * 86_400_000;
  const ended: string[] = [];
  systemTimers.after(monthsMs, () => ended.push("waited"));
  const callOff = systemTimers.after(monthsMs, () => ended.push("called off"));
  vi.advanceTimersByTime(monthsMs / 2);
  callOff();
  vi.advanceTimersByTime(monthsMs / 2 - 1);
  expect(ended).toEqual([]);
  vi.advanceTimersByTime(2);
  expect(ended).toEqual(["waited"]);
});
