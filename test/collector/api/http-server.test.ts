import { request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { jsonResponse } from "../../../src/collector/api/http-route.ts";
import { createHttpServer, listenHttp } from "../../../src/collector/api/http-server.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createMetrics } from "../../../src/core/platform/metrics.ts";
import { openHalf } from "../../support/half-open.ts";

async function serve(): Promise<string> {
  const app = createHttpServer({
    host: "127.0.0.1",
    logger: silentLogger,
    metrics: createMetrics({ defaults: "none" }),
    notFound: async () => jsonResponse({}, 404),
    routes: [{ method: "GET", path: "/", handle: async () => jsonResponse({ here: true }) }],
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
