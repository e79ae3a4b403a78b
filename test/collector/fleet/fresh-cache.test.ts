import { expect, it } from "vitest";
import { keepFresh } from "../../../src/collector/api/fresh-routes.ts";
import type { HttpRequest } from "../../../src/collector/api/http-route.ts";
import { createFreshCache } from "../../../src/collector/fleet/fresh-cache.ts";
import { createFreshRecord } from "../../../src/collector/fleet/fresh-record.ts";
import { createSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { dayMs, minuteMs } from "../../../src/core/maths/durations.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { createManualClock } from "../../support/manual-clock.ts";

it("makes a thing once within its freshness, for those who ask meanwhile as well", async () => {
  const clock = createManualClock();
  const cache = createFreshCache({ clock, freshMs: 2_000, maxEntries: 10 });
  let made = 0;
  const make = async (): Promise<number> => {
    made += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return made;
  };
  expect(await Promise.all([cache.get("a", make), cache.get("a", make), cache.get("b", make)])).toEqual([
    2, 2, 2,
  ]);
  clock.advance(1_999);
  await cache.get("a", make);
  expect(made).toBe(2);
  clock.advance(1);
  expect(await cache.get("a", make)).toBe(3);
});

it("holds no failure, and no more than it may", async () => {
  const clock = createManualClock();
  const options = {
    clock,
    freshMs: 2_000,
    maxEntries: 3,
    maxCost: 100,
    costOf: (value: unknown) => Number(value),
  };
  const cache = createFreshCache(options);
  await expect(cache.get("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await cache.get("a", async () => 1)).toBe(1);
  for (const key of ["b", "c", "d"]) await cache.get(key, async () => 2);
  // The oldest went.
  expect(await cache.get("a", async () => 7)).toBe(7);
  expect(await cache.get("d", async () => 7)).toBe(2);
  await cache.get("large", async () => 95);
  expect(await cache.get("d", async () => 9)).toBe(9);
});

it("answers two viewers with one page, and each encoding, query and path with its own", async () => {
  const clock = createManualClock();
  let made = 0;
  const [route] = keepFresh(
    [{ method: "GET", path: "/", handle: async () => ({ status: 200, headers: {}, body: `${++made}` }) }],
    { clock, freshMs: 2_000 },
  );
  const ask = async (query: object, gzip = "") => {
    const headers = { "accept-encoding": gzip };
    const request: HttpRequest = {
      method: "GET",
      path: "/",
      params: {},
      query,
      headers,
      body: null,
    };
    return (await route!.handle(request)).body;
  };
  expect([await ask({}), await ask({}), await ask({ q: "a" }), await ask({}, "gzip, br")]).toEqual([
    "1",
    "1",
    "2",
    "3",
  ]);
  // Whoever asks at length asks alone.
  const long = { q: "x".repeat(600) };
  expect([await ask(long), await ask(long)]).toEqual(["4", "5"]);
  clock.advance(2_000);
  expect(await ask({})).toBe("6");
});

it("reads turbines once for many pages, and lets what is stored be seen in time", async () => {
  const record = createSqliteRecord(openSqlite(":memory:"));
  const clock = createManualClock();
  let reads = 0;
  const counted = {
    ...record,
    gateways: () => {
      reads += 1;
      return record.gateways();
    },
  };
  const fresh = createFreshRecord(counted, clock, { freshMs: 2_000, driftPeriodMs: dayMs });
  expect(await fresh.gateways()).toEqual([]);
  const status = { gateway: "gw-1", online: true, time: null, version: "1", config: null };
  const gateways = [{ status, seenMs: clock.nowMs() }];
  await record.storeStates({ nowMs: clock.nowMs(), turbines: [], gateways, setAside: [] });
  expect([await fresh.gateways(), reads]).toEqual([[], 1]);
  clock.advance(2_000);
  expect(await fresh.gateways()).toHaveLength(1);
  await record.close();
});

it("holds lists of drift longer, but for no more than a small part of their period", async () => {
  const record = createSqliteRecord(openSqlite(":memory:"));
  for (const [driftPeriodMs, heldMs] of [
    [dayMs, 30_000],
    [minuteMs, 1_000],
  ] as const) {
    const clock = createManualClock();
    let reads = 0;
    const newestVerdictDay = async (): Promise<null> => {
      reads += 1;
      return null;
    };
    const fresh = createFreshRecord({ ...record, newestVerdictDay }, clock, {
      freshMs: 2_000,
      driftPeriodMs,
    });
    await fresh.newestVerdictDay(0);
    clock.advance(heldMs - 1);
    await fresh.newestVerdictDay(0);
    expect(reads).toBe(1);
    clock.advance(1);
    await fresh.newestVerdictDay(0);
    expect(reads).toBe(2);
    // What is known up to one time is no answer up to another.
    await fresh.newestVerdictDay(dayMs);
    expect(reads).toBe(3);
  }
  await record.close();
});
