import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { apiRoutes } from "../../src/collector/api/api-routes.ts";
import { type HttpRoute, jsonResponse } from "../../src/collector/api/http-route.ts";
import { staticFolder } from "../../src/collector/page/static-files.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { createLogger, silentLogger } from "../../src/core/platform/logger.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { askRaw } from "../support/ask-raw.ts";
import { listMetrics, readDocumentedMetrics } from "../support/documented-metrics.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { startCollector } from "../support/whole-collector.ts";
import { renderBucketMetrics } from "./bucket-metrics.ts";
import {
  connectGateway,
  countStates,
  startTestFleet,
  type TestFleet,
  type TestGateway,
} from "./fleet-fixture.ts";
import {
  alertEvent,
  alertRecord,
  driftReport,
  model,
  predictionBatch,
  turbineState,
} from "./fleet-records.ts";

const scratch = createScratchFolder("collector");
const extraRoutes: readonly HttpRoute[] = [
  { method: "GET", path: "/extra", handle: async () => ({ status: 200, headers: {}, body: "mounted" }) },
  ...(["GET", "POST"] as const).map(
    (method): HttpRoute => ({
      method,
      path: "/echo/:id",
      handle: async ({ headers: _, ...request }) => jsonResponse(request),
    }),
  ),
];
let fleet: TestFleet;
let gateway: TestGateway;
let nowMs: number;

beforeAll(async () => {
  fleet = await startTestFleet(scratch.path, { routes: extraRoutes });
  gateway = await connectGateway(fleet);
  nowMs = Date.now();
  const { topics, digest } = fleet;
  await gateway.publish(topics.status("gw-1"), {
    gateway: "gw-1",
    online: true,
    time: new Date().toISOString(),
  });
  await gateway.publish(topics.state("north-sea", "wt-01"), turbineState("wt-01", nowMs, digest));
  await gateway.publish(
    topics.state("north-sea", "wt-02"),
    turbineState("wt-02", nowMs, digest, { health: "alarm" }),
  );
  await until(async () => (await countStates(fleet)) === 2, "states stored");
  const raised = alertEvent("wt-02", "raised", nowMs - 60_000, { model: model(digest) });
  await gateway.send(alertRecord(raised), alertRecord(raised));
  for (const turbine of ["wt-01", "wt-02"]) {
    await gateway.send(
      predictionBatch(turbine, nowMs, { rows: 120, stepMs: 20_000, faulty: turbine === "wt-02" }),
    );
    await gateway.send(
      driftReport(turbine, nowMs, digest, { windows: 300, shift: turbine === "wt-02" ? 2 : 0 }),
    );
  }
  await gateway.send({
    kind: "event",
    timeMs: nowMs,
    name: "schema-drift.unit",
    subject: "wt-01",
    detail: "<script>alert(1)</script>",
  });
});

afterAll(async () => {
  await gateway?.close();
  await fleet?.collector.close();
  scratch.remove();
});

describe("a running collector", () => {
  const askedWith = (path: string): string => {
    if (path === "/api/v1/alerts/events") return "?alarm=1";
    return path.endsWith("predictions") ? "?site=north-sea&turbine=wt-02" : "";
  };

  it("answers every route of its table as the OpenAPI document says", async () => {
    await gateway.sendRaw("update", Uint8Array.of(7));
    const list = async () => (await fleet.getJson("/api/v1/quarantine")).body as { total: number };
    await until(async () => (await list()).total === 1, "a message set aside");
    for (const route of apiRoutes) {
      const query = askedWith(route.path);
      const { status, body } = await fleet.getJson(`${route.path}${query}`);
      expect(status, route.path).toBe(200);
      const parsed = route.response.safeParse(body);
      expect(parsed.error?.issues, route.path).toBeUndefined();
      expect(parsed.data, route.path).toEqual(body);
      if (query !== "" && !route.path.endsWith("predictions"))
        expect((body as { readonly items: readonly object[] }).items, route.path).not.toEqual([]);
    }
  });

  it("names all that it serves in the OpenAPI document, and nothing else", async () => {
    const { body } = await fleet.getJson("/api/v1/openapi.json");
    type Paths = Readonly<Record<string, Readonly<Record<string, object>>>>;
    const document = body as { readonly openapi: string; readonly paths: Paths };
    expect(document.openapi).toBe("3.1.0");
    const expected = [...apiRoutes.map((route) => route.path), "/api/v1/openapi.json"];
    const others = ["/api/v1/evidence/{file}", "/api/v1/registry", "/-/healthy", "/-/ready", "/metrics"];
    const orders = [
      "/api/v1/evidence/requests",
      "/api/v1/registry/publications",
      "/api/v1/registry/publications/{upload}",
    ];
    expect(Object.keys(document.paths).sort()).toEqual([...expected, ...others, ...orders].sort());
    for (const [path, operations] of Object.entries(document.paths)) {
      if (path.includes("{") || operations.get === undefined) continue;
      const query = askedWith(path);
      expect((await fetch(`${fleet.collector.url}${path}${query}`)).status, path).toBe(200);
    }
  });

  it("shows turbines, the alarm with its reasons, predictions, and drift against the bundle", async () => {
    const turbines = (await fleet.getJson("/api/v1/turbines")).body as { items: Record<string, unknown>[] };
    expect(turbines.items).toMatchObject([
      { turbine: "wt-01", health: "ok", gateway: "gw-1", operatingState: "full-performance" },
      { turbine: "wt-02", health: "alarm" },
    ]);
    const { body: alerts } = await fleet.getJson("/api/v1/alerts?active=true");
    expect(alerts).toMatchObject({ total: 1, items: [{ active: true, steps: [{ transition: "raised" }] }] });
    const predictions = (await fleet.getJson("/api/v1/predictions?site=north-sea&turbine=wt-02&steps=10"))
      .body as { series: { timesMs: number[] }[] };
    // An alarm is raised by evidence within a budget: a probability at which it would be does not exist.
    expect(predictions.series[0]).not.toHaveProperty("thresholds");
    expect(predictions.series[0]!.timesMs.length).toBeLessThanOrEqual(11);
    const drift = (await fleet.getJson("/api/v1/drift")).body as {
      points: { turbine: string; level: string; features: { name: string }[] }[];
    };
    const levels = Object.fromEntries(drift.points.map((point) => [point.turbine, point.level]));
    expect(levels["wt-01"]).not.toBe("drift");
    expect(levels["wt-02"]).toBe("drift");
    expect(drift.points.find((point) => point.turbine === "wt-02")!.features[0]!.name).toBe("bpfi.h1");
  });

  it("gives lists in parts, sorted and searched", async () => {
    const list = async (query: string): Promise<{ total: number; offset: number; names: unknown[] }> => {
      const { body } = await fleet.getJson(`/api/v1/${query}`);
      const { total, offset, items } = body as {
        total: number;
        offset: number;
        items: Record<string, string>[];
      };
      return { total, offset, names: items.map(({ turbine, gateway, name }) => name ?? turbine ?? gateway) };
    };
    expect(await list("turbines?limit=1&page=2&sort=name")).toEqual({
      total: 2,
      offset: 1,
      names: ["wt-02"],
    });
    expect((await list("turbines?sort=urgency")).names).toEqual(["wt-02", "wt-01"]);
    expect(await list("turbines?q=wt-01%20north")).toMatchObject({ total: 1, names: ["wt-01"] });
    expect(await list("gateways?q=gw-1&sort=waiting&page=1")).toMatchObject({ total: 1, names: ["gw-1"] });
    expect(await list("events?q=SCHEMA&page=1&limit=1")).toMatchObject({
      total: 1,
      names: ["schema-drift.unit"],
    });
    expect(await list("alerts?q=inner-race")).toMatchObject({ total: 1 });
    expect(await list("alerts?q=nowhere")).toMatchObject({ total: 0 });
    const { text } = { text: await (await fetch(`${fleet.collector.url}/?q=wt-01&sort=risk`)).text() };
    expect(text).toContain('/turbine/north-sea/wt-01"');
    expect(text).not.toContain('<th scope="row" class="nowrap"><a href="/turbine/north-sea/wt-02"');
  });

  it("refuses a wrong query by name", async () => {
    for (const [query, words] of [
      ["turbines?limit=0", "limit"],
      ["turbines?limit=501", "limit"],
      ["turbines?page=0", "page"],
      ["turbines?sort=colour", "sort"],
      ["predictions?site=a", "turbine"],
      ["predictions?site=..%2F&turbine=b", "site"],
      ["predictions?site=a&turbine=b&fromMs=5&toMs=4", "fromMs"],
      ["drift?day=yesterday", "day"],
    ] as const) {
      const { status, body } = await fleet.getJson(`/api/v1/${query}`);
      expect(status, query).toBe(400);
      expect((body as { error: { message: string } }).error.message, query).toContain(words);
    }
    expect((await fleet.getJson("/api/v1/nothing")).status).toBe(404);
  });

  it("guards every answer, escapes what gateways say, and loads nothing from elsewhere", async () => {
    const paths = [
      "/",
      "/turbine/north-sea/wt-02",
      "/turbine/no/such",
      "/api/v1/events",
      `${staticFolder}/page.css`,
    ];
    for (const path of paths) {
      const answer = await fetch(`${fleet.collector.url}${path}`);
      const csp = answer.headers.get("content-security-policy");
      expect(csp, path).toContain("default-src 'none'");
      expect(csp, path).toContain("frame-ancestors 'none'");
      expect(csp, path).not.toContain("unsafe");
      expect(answer.headers.get("x-content-type-options"), path).toBe("nosniff");
    }
    const page = await (await fetch(fleet.collector.url)).text();
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).not.toContain("<script>alert");
    expect(page.match(/\son\w+="|\sstyle="/)).toBeNull();
    expect(page.match(/(?:src|href)="(?:https?:)?\/\//)).toBeNull();
    expect(page).toContain("Inner race fault");
    const other = await (await fetch(`${fleet.collector.url}/turbine/north-sea/wt-02`)).text();
    expect(other).toContain("Turbine wt-02");
    expect((await fetch(`${fleet.collector.url}/turbine/no/such`)).status).toBe(404);
  });

  it("refuses a foreign host's name but for probes and signed updates, and too much of a request", async () => {
    const ask = async (path: string, host: string): Promise<number> =>
      (await askRaw(fleet.collector.url, `GET ${path} HTTP/1.1`, [`Host: ${host}`])).status;
    for (const path of ["/", "/api/v1/turbines", "/metrics", "/extra"]) {
      expect(await ask(path, "evil.example")).toBe(421);
      expect(await ask(path, "wind.example")).toBe(200);
    }
    for (const path of ["/-/healthy", "/-/ready", "/tuf/metadata/timestamp.json"]) {
      expect(await ask(path, "evil.example")).toBe(200);
    }
    const long = await fetch(`${fleet.collector.url}/turbine/${"a".repeat(500)}/b`);
    expect([404, 414]).toContain(long.status);
    const body = await fetch(`${fleet.collector.url}/`, { method: "POST", body: "x".repeat(100_000) });
    expect(body.status).toBe(405);
  });

  it("says which methods an address takes, and answers HEAD as GET without its body", async () => {
    for (const path of [
      "/",
      "/api/v1/alerts",
      "/turbine/a/b",
      `${staticFolder}/page.css`,
      "/metrics",
      "/extra",
    ]) {
      for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        const answer = await fetch(`${fleet.collector.url}${path}`, { method });
        expect([path, method, answer.status, answer.headers.get("allow")]).toEqual([
          path,
          method,
          405,
          "GET, HEAD",
        ]);
        expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
        expect(await answer.json()).toMatchObject({ error: { code: "METHOD" } });
      }
      const [get, head] = await Promise.all(
        ["GET", "HEAD"].map((method) => fetch(`${fleet.collector.url}${path}`, { method })),
      );
      expect([head!.status, head!.headers.get("content-type")]).toEqual([
        get!.status,
        get!.headers.get("content-type"),
      ]);
      expect((await head!.arrayBuffer()).byteLength).toBe(0);
      await get!.arrayBuffer();
    }
    const both = await fetch(`${fleet.collector.url}/echo/1`, { method: "DELETE" });
    expect(both.headers.get("allow")).toBe("GET, POST, HEAD");
    expect((await fetch(`${fleet.collector.url}/nothing`, { method: "POST" })).status).toBe(404);
  });

  it("gives a handler method, path, query and body, and bounds the body", async () => {
    const url = `${fleet.collector.url}/echo/a%20b?c=d`;
    const common = {
      path: "/echo/a%20b",
      params: { id: "a b" },
      query: { c: "d" },
    };
    expect(await (await fetch(url)).json()).toEqual({ ...common, method: "GET", body: null });
    const send = (body: string, type = "application/json") =>
      fetch(url, { method: "POST", body, headers: { "content-type": type } });
    const posted = await send('{"e":[1]}');
    expect(await posted.json()).toEqual({ ...common, method: "POST", body: { e: [1] } });
    expect((await send(JSON.stringify("x".repeat(16_000)))).status).toBe(200);
    const large = await send(JSON.stringify("x".repeat(17_000)));
    expect([large.status, await large.json()]).toMatchObject([413, { error: { code: "REQUEST" } }]);
    expect((await send("{")).status).toBe(400);
    // What another site's form could send.
    expect((await send("x", "text/plain")).status).toBe(415);
    expect((await send("a=b", "application/x-www-form-urlencoded")).status).toBe(415);
  });

  it("tells Prometheus and probes how it is", async () => {
    const metrics = await (await fetch(`${fleet.collector.url}/metrics`)).text();
    for (const line of [
      /aurora_uplink_messages_total\{outcome="stored"\} \d+/,
      /aurora_uplink_records_total\{kind="drift-report"\} 2/,
      /aurora_alarms_active 1/,
      /aurora_turbines 2/,
      /aurora_http_request_duration_seconds_bucket/,
    ]) {
      expect(metrics).toMatch(line);
    }
    const withBucket = metrics + (await renderBucketMetrics(scratch.path));
    expect(listMetrics(withBucket)).toEqual(readDocumentedMetrics("Figures of a collector"));
    expect(await (await fetch(`${fleet.collector.url}/-/healthy`)).text()).toBe("healthy\n");
    expect((await fetch(`${fleet.collector.url}/-/ready`)).status).toBe(200);
    expect(await (await fetch(`${fleet.collector.url}/extra`)).text()).toBe("mounted");
  });

  it("serves signed metadata, and takes up and announces a bundle that is put into the folder", async () => {
    expect((await fetch(`${fleet.collector.url}/tuf/metadata/timestamp.json`)).status).toBe(200);
    const nudges: string[] = [];
    await gateway.client.subscribe(fleet.topics.desired("gw-1"), 1, (topic) => nudges.push(topic));
    await fleet.addBundle("1.3.0");
    expect(await fleet.collector.scanBundles()).toBe(1);
    expect(await fleet.collector.scanBundles()).toBe(0);
    await until(() => nudges.length === 1, "nudge");
    const models = (await fleet.getJson("/api/v1/models")).body as {
      items: { version: string; turbines: string[] }[];
    };
    const inUse = Object.fromEntries(models.items.map((item) => [item.version, item.turbines.length]));
    expect(inUse).toEqual({ "1.2.0": 2, "1.3.0": 0 });
  });

  it("lets a guest read alerts and nothing else, and gateways only what is theirs", async () => {
    const { total: totalBefore } = (await fleet.getJson("/api/v1/quarantine")).body as { total: number };
    const connect = async (username?: string, password?: string) => {
      const lines: string[] = [];
      const logger = createLogger({ level: "debug", format: "json", write: (line) => lines.push(line) });
      const client = createMqttClient({
        url: fleet.collector.mqttUrl,
        clientId: `test-${username ?? "guest"}`,
        logger,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
      });
      await until(
        () => client.connected || lines.some((line) => line.includes("no connection to broker")),
        "an answer",
      );
      return client;
    };
    const guest = await connect();
    expect(guest.connected).toBe(true);
    await guest.subscribe(fleet.topics.allAlerts, 1, () => {});
    const forbidden = ["#", "aurora/v1/gateway/#", fleet.topics.ack("gw-1")];
    for (const filter of forbidden) await guest.subscribe(filter, 1, () => {});
    expect([...guest.refusedFilters]).toEqual(forbidden);
    const wrong = await connect("gw-1x", "correct horse");
    const badPassword = await connect("gw-2", "wrong");
    expect([wrong.connected, badPassword.connected]).toEqual([false, false]);
    const other = await connect("gw-2", "correct horse");
    const forged = other.publish(fleet.topics.up("gw-1", "update"), "x", { qos: 1, retain: false });
    await expect(forged).rejects.toThrow();
    for (const client of [guest, wrong, badPassword, other]) await client.close();
    const { total } = (await fleet.getJson("/api/v1/quarantine")).body as { total: number };
    expect(total).toBe(totalBefore);
  });

  it("calls the turbines of a gateway that went offline unavailable, never healthy", async () => {
    const second = await connectGateway(fleet, "gw-2", "boot-9");
    await second.publish(fleet.topics.status("gw-2"), {
      gateway: "gw-2",
      online: true,
      time: new Date().toISOString(),
    });
    await second.publish(fleet.topics.state("south", "wt-09"), {
      ...turbineState("wt-09", Date.now(), fleet.digest),
      site: "south",
    });
    const gearbox = { component: "gearbox", health: "warning", reason: "wear", sinceMs: 60_000 } as const;
    await second.publish(fleet.topics.state("south", "wt-10"), {
      ...turbineState("wt-10", Date.now(), fleet.digest, { health: "alarm", components: [gearbox] }),
      site: "south",
    });
    await second.send({
      ...predictionBatch("wt-09", Date.now(), { rows: 3, stepMs: 1000 }),
      site: "south",
    });
    await second.send({
      ...predictionBatch("wt-10", Date.now(), { rows: 3, stepMs: 1000 }),
      site: "south",
    });
    const health = async (turbine = "wt-09"): Promise<unknown> => {
      const { body } = await fleet.getJson("/api/v1/turbines");
      return (body as { items: { turbine: string }[] }).items.find((item) => item.turbine === turbine);
    };
    await until(async () => (await countStates(fleet)) === 4, "state stored");
    expect(await health()).toMatchObject({ health: "ok", reason: null });
    expect(await health("wt-10")).toMatchObject({ health: "alarm", reason: null });
    await second.publish(fleet.topics.status("gw-2"), { gateway: "gw-2", online: false });
    await second.send({ kind: "event", timeMs: Date.now(), name: "x", subject: "x", detail: "" });
    await until(
      async () => (await fleet.collector.record.gateways()).some((row) => row.online === false),
      "offline",
    );
    expect(await health()).toMatchObject({
      health: "information-unavailable",
      operatingState: "information-unavailable",
      reason: "its gateway is offline",
    });
    // An alarm that stood is not hidden by a gateway that is gone.
    expect(await health("wt-10")).toMatchObject({
      health: "alarm",
      operatingState: "information-unavailable",
      reason: "its gateway is offline",
      rolledUp: { health: "warning" },
      components: [{ health: "warning", sinceMs: 60_000, unknown: { reason: "gateway offline" } }],
    });
    await second.close();
  });

  it("shows predictions up to the newest, also of a device whose clock is ahead", async () => {
    await gateway.send(predictionBatch("ahead", nowMs + 600_000, { rows: 5, stepMs: 1_000, faulty: false }));
    const answer = async (query: string) =>
      (await fleet.getJson(`/api/v1/predictions?site=north-sea&turbine=ahead${query}`)).body as {
        readonly fromMs: number;
        readonly toMs: number;
        readonly series: readonly { readonly timesMs: readonly number[] }[];
      };
    const { fromMs, toMs, series } = await answer("&spanMs=300000");
    expect(toMs).toBeGreaterThan(Date.now() + 500_000);
    expect(toMs - fromMs).toBe(300_000);
    expect(series[0]!.timesMs.at(-1)).toBe(toMs);
    expect((await answer(`&toMs=${nowMs}`)).series[0]!.timesMs).toEqual([]);
  });

  it("names the port that is taken when it cannot listen", async () => {
    const httpPort = Number(new URL(fleet.collector.url).port);
    const config = collectorConfigSchema().parse({
      collector: { stateDir: createTemporaryFolder(), httpPort },
      mqtt: { embedded: { port: 0 } },
    });
    await expect(startCollector(config, { logger: silentLogger })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      subject: `127.0.0.1:${httpPort}`,
    });
  });
});
