import { request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { type HttpRoute, jsonResponse } from "../../../src/collector/api/http-route.ts";
import { createHttpServer, listenHttp } from "../../../src/collector/api/http-server.ts";
import { answerUnavailable } from "../../../src/collector/api/page-routes.ts";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createMetrics } from "../../../src/core/platform/metrics.ts";
import { openHalf } from "../../support/half-open.ts";

const home: HttpRoute = { method: "GET", path: "/", handle: async () => jsonResponse({ here: true }) };

async function serve(routes: readonly HttpRoute[] = [home]): Promise<string> {
  const app = createHttpServer({
    host: "127.0.0.1",
    logger: silentLogger,
    metrics: createMetrics({ defaults: "none" }),
    notFound: async () => jsonResponse({}, 404),
    unavailable: answerUnavailable,
    routes,
  });
  onTestFinished(() => app.close());
  return listenHttp(app, "127.0.0.1", 0);
}

function askAs(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

test("the page is served while 600 others have not said what they want", async () => {
  const url = await serve();
  await openHalf(url, 600);
  expect((await fetch(url)).status).toBe(200);
});

test.each([
  ["127.0.0.1:1", 200],
  ["localhost", 200],
  ["[::1]:8080", 200],
  ["127.0.0.1:1@evil.example", 421],
  ["127.0.0.1@evil.example", 421],
  ["127.0.0.1:80:evil", 421],
  ["127.0.0.1:", 421],
  ["[::1].evil.example", 421],
])("asked as %s, a collector on loopback answers %i", async (host, status) => {
  expect(await askAs(await serve(), host)).toBe(status);
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
  expect(await page.text()).toContain("The record cannot be asked now");
  const answer = await fetch(`${url}/api/v1/turbines`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ error: { code: "STORE" } });
});
