import { hostname } from "node:os";
import { describe, expect, onTestFinished, test } from "vitest";
import { type HttpRoute, jsonResponse } from "../../../src/collector/api/http-route.ts";
import { createHttpServer, listenHttp } from "../../../src/collector/api/http-server.ts";
import { answerUnavailable } from "../../../src/collector/api/page-routes.ts";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createMetrics } from "../../../src/core/platform/metrics.ts";
import { askedHosts, askRaw } from "../../support/ask-raw.ts";
import { openHalf } from "../../support/half-open.ts";

const home: HttpRoute = { method: "GET", path: "/", handle: async () => jsonResponse({ here: true }) };

async function serve(routes: readonly HttpRoute[] = [home], host = "127.0.0.1"): Promise<string> {
  const app = createHttpServer({
    servedNames: { host, names: ["Wind.example"], key: "collector.httpNames" },
    logger: silentLogger,
    metrics: createMetrics({ defaults: "none" }),
    notFound: async () => jsonResponse({}, 404),
    unavailable: answerUnavailable,
    routes,
  });
  onTestFinished(() => app.close());
  return listenHttp(app, host, 0);
}

test("the page is served while 600 others have not said what they want", async () => {
  const url = await serve();
  await openHalf(url, 600);
  expect((await fetch(url)).status).toBe(200);
});

const open: HttpRoute = { ...home, path: "/open", anyHost: "answer" };
const probe: HttpRoute = { ...home, path: "/probe", anyHost: "status" };

describe.each(["127.0.0.1", "0.0.0.0"])("a collector on %s", (host) => {
  test.each(askedHosts)("asked with %j answers: %s", async (lines, isServed) => {
    const { status, body } = await askRaw(await serve([home], host), "GET / HTTP/1.1", lines);
    expect(status).toBe(isServed ? 200 : 421);
    expect(body).toContain(isServed ? "here" : "MISDIRECTED");
  });

  test("answers by this machine's name, and takes no order by another's", async () => {
    const url = await serve([home, { ...home, method: "POST" }], host);
    const short = hostname().split(".")[0];
    for (const name of [hostname(), short, `${short}.local`]) {
      expect((await askRaw(url, "GET / HTTP/1.1", [`Host: ${name}`])).status).toBe(200);
    }
    const foreign = ["Host: evil.example", "content-length: 0"];
    expect((await askRaw(url, "POST / HTTP/1.1", foreign)).status).toBe(421);
    expect((await askRaw(url, "GET /nothing HTTP/1.1", foreign)).status).toBe(421);
    expect((await askRaw(url, "GET / HTTP/1.0", [])).status).toBe(421);
    expect((await askRaw(url, "GET / HTTP/1.1", [])).status).toBe(400);
  });

  test("says which key a name belongs into, and gives everybody what is for everybody", async () => {
    const url = await serve([home, open, probe], host);
    const { body } = await askRaw(url, "GET / HTTP/1.1", ["Host: Farm.example:8080"]);
    expect(JSON.parse(body).error.message).toMatch(/^"farm\.example" .* write it into collector\.httpNames/);
    expect((await askRaw(url, "GET /open HTTP/1.1", ["Host: evil.example"])).status).toBe(200);
    expect((await askRaw(url, "GET /open/../ HTTP/1.1", ["Host: evil.example"])).status).toBe(421);
    const strange = await askRaw(url, "GET /probe HTTP/1.1", ["Host: evil.example"]);
    expect(strange).toEqual({ status: 200, body: "" });
    expect((await askRaw(url, "GET /probe HTTP/1.1", ["Host: 127.0.0.1"])).body).toContain("here");
  });
});

test("what cannot be read from the record is answered with 503, for people with a page", async () => {
  const handle = (): Promise<never> =>
    Promise.reject(
      new AuroraError("STORE", "no answer within 5 s from secret-host", { op: "ask", hint: "Wait." }),
    );
  const url = await serve(["/", "/api/v1/turbines"].map((path) => ({ method: "GET", path, handle })));
  const page = await fetch(url);
  expect([page.status, page.headers.get("content-type"), page.headers.get("retry-after")]).toEqual([
    503,
    "text/html; charset=utf-8",
    "5",
  ]);
  expect(await page.text()).toContain("<h1>The record cannot be asked now</h1>");
  const answer = await fetch(`${url}/api/v1/turbines`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ error: { code: "STORE" } });
});
