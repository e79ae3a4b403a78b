import { expect, it } from "vitest";
import { describedRoutes } from "../../../src/collector/api/described-routes.ts";
import { evidenceRequestRoute } from "../../../src/collector/api/evidence-request-route.ts";
import { type EvidenceRequest, evidenceOrderSchema } from "../../../src/core/contract/evidence.ts";
import { laneOfKind, type UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import { encodeUplinkEnvelope } from "../../../src/core/wire/envelope-codec.ts";
import { predictionBatch, turbineState } from "../fleet-records.ts";
import { createIngestBench, sentEnvelope } from "../ingest-bench.ts";

const declared = describedRoutes.find(({ path }) => path === "/api/v1/evidence/requests")!.answers;

function createPlace(isAllowed = true) {
  const { clock, record, ingest } = createIngestBench();
  const sent: EvidenceRequest[] = [];
  let broker = async (): Promise<void> => undefined;
  const fleet = {
    record,
    models: new Map(),
    clock,
    silentAfterMs: 120_000,
    warningShare: 0.1,
    brokerLostMs: () => null,
  };
  const route = evidenceRequestRoute({
    isAllowed,
    fleet,
    send: async (request) => {
      await broker();
      sent.push(request);
    },
  });
  let firstSequence = 0;
  const send = (gateway: string, record: UplinkRecord): Promise<void> => {
    const lane = laneOfKind[record.kind];
    firstSequence++;
    const envelope = sentEnvelope([record], { gateway, lane, firstSequence, oldestSequence: firstSequence });
    ingest.accept(`aurora/v1/gateway/${gateway}/up/${lane}`, encodeUplinkEnvelope(envelope));
    return ingest.flush();
  };
  /** Has a gateway send something of a turbine, now. */
  const watch = (turbine: string, gateway: string): Promise<void> =>
    send(gateway, predictionBatch(turbine, clock.nowMs(), { rows: 2, stepMs: 1_000 }));
  /** Has the gateway answer the newest request. */
  const answer = (kind: "refused" | "accepted"): Promise<void> => {
    const { id, gateway } = sent.at(-1)!;
    const name = `evidence-request-${kind}`;
    const detail = `request ${id}: there is a reason`;
    return send(gateway, { kind: "event", timeMs: clock.nowMs(), name, subject: "wt-1/gearbox", detail });
  };
  const ask = async (body: unknown): Promise<{ status: number; reply: Record<string, unknown> }> => {
    const { status, body: text } = await route.handle({
      method: "POST",
      path: route.path,
      params: {},
      query: {},
      headers: {},
      body,
    });
    expect(Object.keys(declared), "the statuses that the API's document names").toContain(`${status}`);
    return { status, reply: JSON.parse(String(text)) };
  };
  const breakBroker = (): void => {
    broker = () => Promise.reject(new Error("the broker is gone"));
  };
  const mendBroker = (): void => {
    broker = async () => undefined;
  };
  return { clock, record, sent, ask, watch, answer, breakBroker, mendBroker };
}

const point = { site: "north-sea", turbine: "wt-1", component: "generator-bearing" };

it("asks nobody unless the configuration lets people ask", async () => {
  const { ask, sent } = createPlace(false);
  expect(await ask(point)).toMatchObject({ status: 403, reply: { error: { code: "NOT_PERMITTED" } } });
  expect(sent).toEqual([]);
});

it.each([
  ["nothing", null],
  ["a list", []],
  ["a path", { ...point, turbine: "../wt-1" }],
  ["no component", { site: "north-sea", turbine: "wt-1" }],
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

it("asks the gateway that watches the turbine, and says where what comes is listed", async () => {
  const { clock, ask, sent, watch } = createPlace();
  await watch("wt-1", "gw-1");
  const { status, reply } = await ask({ ...point, seconds: 3 });
  const [request] = sent;
  expect([status, reply]).toMatchObject([202, { request: request!.id, gateway: "gw-1" }]);
  expect(request).toMatchObject({ gateway: "gw-1", turbine: "wt-1", seconds: 3, askedMs: clock.nowMs() });
});

it("asks the gateway whose state tells of the turbine before it has sent anything that was decided", async () => {
  const { clock, record, ask, sent } = createPlace();
  const nowMs = clock.nowMs();
  const state = { ...turbineState("wt-1", nowMs, "0".repeat(64)), gateway: "gw-1" };
  const turbines = [{ seenMs: nowMs, state }];
  const status = { gateway: "gw-1", online: true, version: "1.0.0", time: new Date(nowMs).toISOString() };
  await record.storeStates({ nowMs, gateways: [{ seenMs: nowMs, status }], setAside: [], turbines } as never);
  expect(await ask(point)).toMatchObject({ status: 202, reply: { gateway: "gw-1" } });
  expect(sent).toMatchObject([{ gateway: "gw-1", turbine: "wt-1" }]);
});

it("refuses with 404 what the gateway's last state does not name, which costs no request, and says where that is not known", async () => {
  const { clock, record, ask, sent, watch } = createPlace();
  await watch("wt-1", "gw-1");
  expect((await ask(point)).reply.isWatched).toBeUndefined();
  const say = async (...components: readonly string[]): Promise<void> => {
    const state = turbineState("wt-1", clock.nowMs(), "0".repeat(64), {
      components: components.map((component) => ({
        component,
        health: "good",
        reason: "as when healthy",
        sinceMs: null,
      })),
    });
    const nowMs = clock.nowMs();
    await record.storeStates({
      nowMs,
      gateways: [],
      setAside: [],
      turbines: [{ seenMs: nowMs, state: { ...state, gateway: "gw-1" } }],
    });
  };
  await say("gearbox", "main-bearing");
  for (let asked = 0; asked < 12; asked++) {
    const { status, reply } = await ask(point);
    expect([status, reply]).toEqual([
      404,
      {
        error: {
          code: "NOT_FOUND",
          message:
            "gateway gw-1 watches no generator-bearing of north-sea/wt-1; it watches gearbox, main-bearing",
        },
      },
    ]);
  }
  expect(sent).toHaveLength(1);
  await say("gearbox", "generator-bearing");
  expect(await ask(point)).toMatchObject({ status: 202, reply: { isWatched: true } });
  await record.storeStates({
    nowMs: clock.nowMs(),
    gateways: [],
    setAside: [],
    turbines: [],
    unwatched: [{ seenMs: clock.nowMs(), site: "north-sea", turbine: "wt-1" }],
  });
  expect(await ask(point)).toMatchObject({ status: 404 });
});

it("refuses with 409 while the gateway is silent, and asks it when it is heard again", async () => {
  const { clock, ask, sent, watch } = createPlace();
  await watch("wt-1", "gw-1");
  clock.advance(121_000);
  expect(await ask(point)).toMatchObject({
    status: 409,
    reply: { error: { code: "SILENT", message: expect.stringContaining("gw-1") } },
  });
  expect(sent).toEqual([]);
  await watch("wt-1", "gw-1");
  expect(await ask(point)).toMatchObject({ status: 202 });
});

it("refuses with 429 after twelve requests of a gateway within an hour, and asks others meanwhile", async () => {
  const { clock, ask, sent, watch } = createPlace();
  await watch("wt-1", "gw-1");
  await watch("wt-2", "gw-2");
  for (let asked = 0; asked < 12; asked++) expect((await ask(point)).status).toBe(202);
  const message = "gateway gw-1 was asked 12 times within an hour";
  expect(await ask(point)).toMatchObject({ status: 429, reply: { error: { code: "TOO_MANY", message } } });
  expect(await ask({ ...point, turbine: "wt-2" })).toMatchObject({ status: 202 });
  expect(sent.map(({ gateway }) => gateway)).toEqual([...Array.from({ length: 12 }, () => "gw-1"), "gw-2"]);
  clock.advance(3_600_000);
  await watch("wt-1", "gw-1");
  expect(await ask(point)).toMatchObject({ status: 202 });
});

it("counts no request that the gateway refused at once among the twelve, and sixty with these", async () => {
  const { ask, sent, watch, answer } = createPlace();
  await watch("wt-1", "gw-1");
  const askAll = async (count: number, ...answers: readonly ("refused" | "accepted")[]): Promise<void> => {
    for (let asked = 0; asked < count; asked++) {
      expect((await ask(point)).status).toBe(202);
      for (const each of answers) await answer(each);
    }
  };
  await askAll(40, "refused");
  await askAll(3, "accepted", "refused");
  await askAll(9);
  const tooMany = { status: 429, reply: { error: { code: "TOO_MANY" } } };
  expect(await ask(point)).toMatchObject(tooMany);
  expect(sent).toHaveLength(52);
  for (const { status } of await Promise.all([ask(point), ask(point)])) expect(status).toBe(429);
  await answer("refused");
  await askAll(8, "refused");
  const message = "gateway gw-1 was asked 60 times within an hour, with what it refused";
  expect(await ask(point)).toMatchObject({ status: 429, reply: { error: { code: "TOO_MANY", message } } });
  expect(sent).toHaveLength(60);
});

it("counts no request while the gateway's answers cannot be read", async () => {
  const { record, ask, sent, watch, answer } = createPlace();
  await watch("wt-1", "gw-1");
  const askAll = async (count: number): Promise<void> => {
    for (let asked = 0; asked < count; asked++) {
      expect((await ask(point)).status).toBe(202);
      await answer("refused");
    }
  };
  await askAll(12);
  const { events } = record;
  Object.assign(record, { events: () => Promise.reject(new Error("a lock")) });
  for (let asked = 0; asked < 48; asked++) await expect(ask(point)).rejects.toThrow("a lock");
  Object.assign(record, { events });
  await askAll(48);
  expect(sent).toHaveLength(60);
});

it("refuses with 503 while the broker does not take it, which costs nobody a request", async () => {
  const { ask, sent, watch, breakBroker, mendBroker } = createPlace();
  await watch("wt-1", "gw-1");
  breakBroker();
  for (let asked = 0; asked < 13; asked++) {
    expect(await ask(point)).toMatchObject({
      status: 503,
      reply: { error: { code: "BROKER", message: "the gateway cannot be told: the broker is gone" } },
    });
  }
  mendBroker();
  expect(await ask(point)).toMatchObject({ status: 202 });
  expect(sent).toHaveLength(1);
});

it("makes a request that a gateway understands", () => {
  const request = { id: "0b6f", gateway: "gw-1", turbine: "wt-1", component: "c", seconds: 10, askedMs: 1 };
  expect(evidenceOrderSchema().safeParse({ type: "request", ...request }).success).toBe(true);
});
