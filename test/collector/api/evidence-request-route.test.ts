import { expect, it, onTestFinished } from "vitest";
import { evidenceRequestRoute } from "../../../src/collector/api/evidence-request-route.ts";
import { createSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { type EvidenceRequest, evidenceOrderSchema } from "../../../src/core/contract/evidence.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { createManualClock } from "../../support/manual-clock.ts";

function createPlace(isAllowed = true) {
  const clock = createManualClock();
  const record = createSqliteRecord(openSqlite(":memory:"));
  onTestFinished(() => record.close());
  const sent: EvidenceRequest[] = [];
  const fleet = { record, models: new Map(), clock, silentAfterMs: 120_000, warningShare: 0.1 };
  const route = evidenceRequestRoute({ isAllowed, fleet, send: async (request) => void sent.push(request) });
  const ask = async (body: unknown): Promise<{ status: number; reply: Record<string, unknown> }> => {
    const { status, body: text } = await route.handle({
      method: "POST",
      path: route.path,
      params: {},
      query: {},
      headers: {},
      body,
      actor: { kind: "visitor" },
    });
    return { status, reply: JSON.parse(String(text)) };
  };
  return { clock, record, sent, ask };
}

const point = { site: "north", turbine: "wt-1", component: "generator-bearing" };

it("asks nobody unless the configuration lets people ask", async () => {
  const { ask, sent } = createPlace(false);
  expect(await ask(point)).toMatchObject({ status: 403, reply: { error: { code: "NOT_PERMITTED" } } });
  expect(sent).toEqual([]);
});

it.each([
  ["nothing", null],
  ["a list", []],
  ["a path", { ...point, turbine: "../wt-1" }],
  ["no component", { site: "north", turbine: "wt-1" }],
  ["an hour", { ...point, seconds: 3_600 }],
  ["more than is known", { ...point, gateway: "gw-9" }],
])("says what is wrong with %s", async (_, body) => {
  const { ask, sent } = createPlace();
  expect(await ask(body)).toMatchObject({ status: 400, reply: { error: { code: "BODY" } } });
  expect(sent).toEqual([]);
});

it("says that no gateway watches a turbine that nobody has heard of", async () => {
  const { ask } = createPlace();
  expect(await ask(point)).toMatchObject({ status: 404, reply: { error: { code: "NOT_FOUND" } } });
});

it("makes a request that a gateway understands", () => {
  const request = { id: "0b6f", gateway: "gw-1", turbine: "wt-1", component: "c", seconds: 10, askedMs: 1 };
  expect(evidenceOrderSchema.safeParse({ type: "request", ...request }).success).toBe(true);
});
