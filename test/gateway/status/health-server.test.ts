import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HealthServer, startHealthServer } from "../../../src/gateway/status/health-server.ts";

let server: HealthServer;
let healthy = true;

beforeEach(async () => {
  healthy = true;
  server = await startHealthServer("127.0.0.1", 0, {
    healthy: () => healthy,
    ready: () => false,
    metrics: () => Promise.resolve("aurora_x 1\n"),
    status: () => ({ gateway: "gw" }),
  });
});
afterEach(() => server.close());

function askAs(host: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${server.url}${path}`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

describe("a gateway's health server", () => {
  it("tells health, readiness, metrics and status", async () => {
    expect((await fetch(`${server.url}/-/healthy`)).status).toBe(200);
    expect((await fetch(`${server.url}/-/ready`)).status).toBe(503);
    expect(await (await fetch(`${server.url}/metrics`)).text()).toBe("aurora_x 1\n");
    expect(await (await fetch(`${server.url}/status`)).json()).toEqual({ gateway: "gw" });
    healthy = false;
    expect((await fetch(`${server.url}/-/healthy`)).status).toBe(503);
  });

  it("changes nothing and names its pages where there is none", async () => {
    expect((await fetch(`${server.url}/status`, { method: "POST", body: "x" })).status).toBe(405);
    const missing = await fetch(`${server.url}/nothing`);
    expect(missing.status).toBe(404);
    expect(await missing.text()).toContain("/-/healthy");
  });

  it("answers on loopback only for the loopback's own names", async () => {
    expect(await askAs("localhost:1", "/status")).toBe(200);
    expect(await askAs("[::1]:9617", "/status")).toBe(200);
    expect(await askAs("evil.example", "/status")).toBe(421);
    expect(await askAs("127.0.0.1.evil.example:9617", "/status")).toBe(421);
  });
});
