import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { type HttpRequest, type HttpRoute, jsonResponse } from "../../../src/collector/api/http-route.ts";
import { inTurns } from "../../../src/collector/api/in-turns.ts";
import { systemClock } from "../../../src/core/platform/clock.ts";
import { watchEventLoop } from "../../support/watch-event-loop.ts";

const request: HttpRequest = {
  method: "GET",
  path: "/",
  params: {},
  query: {},
  headers: {},
  body: null,
};

function routeOf(work: () => Promise<unknown>): HttpRoute {
  const route: HttpRoute = { method: "GET", path: "/", handle: async () => jsonResponse(await work()) };
  return inTurns([route], systemClock)[0]!;
}

function workFor(forMs: number): void {
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs);
}

it("lets others have their turn however many pages are asked for at once", async () => {
  const route = routeOf(async () => workFor(4));
  const loop = watchEventLoop();
  const answers = await Promise.all(Array.from({ length: 200 }, () => route.handle(request)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  // 800 ms of work; a turn ends with the answer that fills it.
  expect(loop.stop()).toBeLessThan(200);
});

it("does not wait for one that waits for something else", async () => {
  let begun = 0;
  let goOn = (): void => {};
  const allHaveBegun = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const route = routeOf(async () => {
    begun += 1;
    if (begun === 50) goOn();
    await allHaveBegun;
  });
  const answers = await Promise.all(Array.from({ length: 50 }, () => route.handle(request)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
});

it("tells whoever comes when too many are under way to come again, and takes the next when they are gone", async () => {
  const route = routeOf(() => delay(20));
  const answers = await Promise.all(Array.from({ length: 514 }, () => route.handle(request)));
  expect(answers.findIndex(({ status }) => status === 503)).toBe(512);
  expect(answers.at(-1)!.headers["retry-after"]).toBe("2");
  expect((await route.handle(request)).status).toBe(200);
});

it("passes a failure on, and goes on", async () => {
  let fails = true;
  const route = routeOf(async () => {
    if (fails) throw new Error("mine");
  });
  const asked = Array.from({ length: 512 }, () => route.handle(request));
  const answers = await Promise.allSettled(asked);
  expect(answers.every(({ status }) => status === "rejected")).toBe(true);
  fails = false;
  expect((await route.handle(request)).status).toBe(200);
});
