import { expect, it } from "vitest";
import { driftRoutes } from "../../../src/collector/api/drift-routes.ts";
import type { HttpRequest } from "../../../src/collector/api/http-route.ts";
import type { FleetSource } from "../../../src/collector/fleet/fleet-source.ts";
import type { DriftVerdict } from "../../../src/core/contract/drift-verdict.ts";
import { createDriftBench, type DriftBench, dayName, point } from "../drift-bench.ts";

/** Answers a GET, held against the schema that the route states. */
async function get(bench: DriftBench, path: string, query: Readonly<Record<string, string>> = {}) {
  const route = driftRoutes.find((each) => each.path === path)!;
  const fleet: FleetSource = {
    record: bench.record,
    models: bench.models,
    clock: { nowMs: () => bench.nowMs },
    silentAfterMs: 120_000,
    warningShare: 0.01,
    brokerLostMs: () => null,
  };
  const request = {
    method: "GET",
    path,
    params: {},
    query,
    headers: {},
    body: null,
  };
  const { status, body } = await route.answer(fleet, request as HttpRequest);
  const answer = JSON.parse(String(body)) as Record<string, unknown>;
  if (status === 200) expect(route.response.parse(answer)).toEqual(answer);
  return { status, answer };
}

/** Five points that have been assessed for seven days, of which one moved on the last. */
async function assessedFleet(): Promise<DriftBench> {
  const bench = createDriftBench();
  for (let day = 0; day < 7; day++) {
    for (let turbine = 1; turbine <= 5; turbine++) {
      const moves = turbine === 3 && day === 6;
      await bench.sendDay(point(`wt-${turbine}`), day, moves ? { shift: { columns: [1], by: 6 } } : {});
    }
    await bench.runAt(day + 1, 3);
  }
  return bench;
}

it("answers with stored verdicts of the newest day, by turbine and level, and in parts", async () => {
  const bench = await assessedFleet();
  const path = "/api/v1/drift/verdicts";
  const turbines = ({ answer }: { answer: Record<string, unknown> }): string[] =>
    (answer.verdicts as DriftVerdict[]).map(({ turbine }) => turbine);
  const all = await get(bench, path);
  expect(all.answer).toMatchObject({ day: dayName(6), next: null });
  expect(turbines(all)).toEqual(["wt-1", "wt-2", "wt-3", "wt-4", "wt-5"]);
  const moved = await get(bench, path, { level: "drift" });
  expect(moved.answer.verdicts).toMatchObject([
    { turbine: "wt-3", level: "drift", shifts: [{ name: "feature.1" }] },
  ]);
  expect(turbines(await get(bench, path, { site: "north-sea", turbine: "wt-2", day: dayName(4) }))).toEqual([
    "wt-2",
  ]);
  const pages: string[][] = [];
  for (let cursor: unknown = ""; cursor !== null; ) {
    const page = await get(bench, path, { limit: "2", ...(cursor === "" ? {} : { cursor: String(cursor) }) });
    pages.push(turbines(page));
    cursor = page.answer.next;
  }
  expect(pages).toEqual([["wt-1", "wt-2"], ["wt-3", "wt-4"], ["wt-5"]]);
});

it("answers with the levels of many days", async () => {
  const bench = await assessedFleet();
  const { answer } = await get(bench, "/api/v1/drift/days");
  expect(answer.days).toEqual([0, 1, 2, 3, 4, 5, 6].map(dayName));
  const points = answer.points as { turbine: string; levels: string[] }[];
  expect(points.map(({ turbine, levels }) => [turbine, levels.at(-1)])).toEqual([
    ["wt-1", "stable"],
    ["wt-2", "stable"],
    ["wt-3", "drift"],
    ["wt-4", "stable"],
    ["wt-5", "stable"],
  ]);
  const some = await get(bench, "/api/v1/drift/days", {
    from: dayName(5),
    to: dayName(6),
    site: "elsewhere",
  });
  expect(some.answer).toEqual({ days: [dayName(5), dayName(6)], points: [], next: null });
  const parts: string[][] = [];
  for (let cursor: unknown = ""; cursor !== null; ) {
    const query = { limit: "2", ...(cursor === "" ? {} : { cursor: String(cursor) }) };
    const part = await get(bench, "/api/v1/drift/days", query);
    expect(part.answer.days).toEqual(answer.days);
    parts.push((part.answer.points as { turbine: string }[]).map(({ turbine }) => turbine));
    cursor = part.answer.next;
  }
  expect(parts).toEqual([["wt-1", "wt-2"], ["wt-3", "wt-4"], ["wt-5"]]);
});

it("says in parts how unlike training day a day was", async () => {
  const bench = await assessedFleet();
  const path = "/api/v1/drift";
  const first = await get(bench, path, { limit: "3" });
  expect(first.answer.points).toHaveLength(3);
  const rest = await get(bench, path, { limit: "3", cursor: String(first.answer.next) });
  expect(rest.answer.points).toMatchObject([{ turbine: "wt-4" }, { turbine: "wt-5" }]);
  expect(rest.answer.next).toBeNull();
});

it.each([
  ["/api/v1/drift/verdicts", { day: "yesterday" }],
  ["/api/v1/drift/verdicts", { day: "2023-02-31" }],
  ["/api/v1/drift/verdicts", { day: "2023-11-15T25:00Z" }],
  ["/api/v1/drift/verdicts", { level: "red" }],
  ["/api/v1/drift/verdicts", { limit: "501" }],
  ["/api/v1/drift/verdicts", { limit: "0" }],
  ["/api/v1/drift/verdicts", { cursor: "none" }],
  ["/api/v1/drift/verdicts", { cursor: "WzFd" }],
  ["/api/v1/drift/verdicts", { offset: "3" }],
  ["/api/v1/drift/days", { from: "2023" }],
  ["/api/v1/drift/days", { site: "../etc" }],
  ["/api/v1/drift/days", { limit: "501" }],
  ["/api/v1/drift/days", { cursor: "none" }],
  ["/api/v1/drift", { cursor: "x" }],
])("says of %s what is wrong with %o", async (path, query) => {
  const { status, answer } = await get(createDriftBench(), path, query as Readonly<Record<string, string>>);
  expect(status).toBe(400);
  expect(answer).toMatchObject({
    error: { code: "QUERY", message: expect.stringContaining(Object.keys(query)[0]!) },
  });
});

it("has an answer while nothing was assessed yet", async () => {
  const bench = createDriftBench();
  expect((await get(bench, "/api/v1/drift/verdicts")).answer).toEqual({
    day: dayName(0),
    verdicts: [],
    next: null,
  });
  expect((await get(bench, "/api/v1/drift/days")).answer).toEqual({ days: [], points: [], next: null });
});
