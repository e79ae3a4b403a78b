import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import { gatewayAccessSchema } from "../../../src/core/contract/device/device-capture.ts";
import { systemClock } from "../../../src/core/platform/clock.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createAlarmRoutes } from "../../../src/gateway/status/alarm-routes.ts";
import { createBaselineRoutes } from "../../../src/gateway/status/baseline-routes.ts";
import { createStatusRoutes } from "../../../src/gateway/status/describe-gateway.ts";
import { createDeviceRoute } from "../../../src/gateway/status/device-routes.ts";
import {
  answerJson,
  expectOperator,
  type GatewayHttp,
  type GatewayRequest,
  type GatewayRoute,
  matchPlace,
  startGatewayHttp,
} from "../../../src/gateway/status/gateway-http.ts";
import { askedHosts, askRaw } from "../../support/ask-raw.ts";
import { findFreePort } from "../../support/free-port.ts";
import { openHalf } from "../../support/half-open.ts";
import { mountSmallDisk, remountDisk } from "../../support/small-disk.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";

let server: GatewayHttp;
let stateDir: string;
let healthy = true;
const error = vi.fn();
const orders: GatewayRequest[] = [];
const onOrdered = vi.fn();

function start(
  dir: string,
  changes: { host?: string; names?: string[]; port?: number } = {},
): Promise<GatewayHttp> {
  return startGatewayHttp({
    host: "127.0.0.1",
    names: [],
    port: 0,
    ...changes,
    stateDir: dir,
    clock: { ...systemClock, nowMs: () => Date.UTC(2026, 0, 1, 6, 7, 8) },
    logger: { ...silentLogger, error },
    onOrdered,
    routes: [
      ...createStatusRoutes({
        healthy: () => healthy,
        ready: () => false,
        metrics: () => Promise.resolve("aurora_x 1\n"),
        status: () => ({ gateway: "gw" }),
      }),
      {
        method: "POST",
        path: "/orders/",
        answer: (order) => {
          orders.push(order);
          if (order.path === "/orders/mine") expectOperator(order.actor);
          if (order.path === "/orders/bug") throw new TypeError("a bug");
          if (order.path === "/orders/busy") throw new AuroraError("DEVICE_BUSY", "busy", { op: "test" });
          return answerJson({ done: true });
        },
      },
    ],
  });
}

beforeEach(async () => {
  healthy = true;
  orders.length = 0;
  onOrdered.mockClear();
  error.mockClear();
  stateDir = createTemporaryFolder();
  server = await start(stateDir);
});
afterEach(() => server.close());

it("says when it answered, by its own clock", async () => {
  const { headers } = await fetch(`${server.url}/status`);
  expect(headers.get("date")).toBe("Thu, 01 Jan 2026 06:07:08 GMT");
});

const accessPath = (): string => join(stateDir, "access.json");
const readToken = (): string =>
  gatewayAccessSchema().parse(JSON.parse(readFileSync(accessPath(), "utf8"))).token;

function order(path: string, body: string, token: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  return fetch(`${server.url}${path}`, { method: "POST", headers, body });
}

describe("a gateway's HTTP server", () => {
  it("tells health, readiness, metrics and status", async () => {
    expect((await fetch(`${server.url}/-/healthy`)).status).toBe(200);
    expect((await fetch(`${server.url}/-/ready`)).status).toBe(503);
    expect(await (await fetch(`${server.url}/metrics`)).text()).toBe("aurora_x 1\n");
    expect(await (await fetch(`${server.url}/status`)).json()).toEqual({ gateway: "gw" });
    healthy = false;
    expect((await fetch(`${server.url}/-/healthy`)).status).toBe(503);
  });

  it("answers HEAD like GET, without the body", async () => {
    const response = await fetch(`${server.url}/status`, { method: "HEAD" });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await response.text()).toBe("");
  });

  it("changes nothing and names its pages where there is none", async () => {
    const posted = await fetch(`${server.url}/status`, { method: "POST", body: "x" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    const read = await fetch(`${server.url}/orders/one`);
    expect([read.status, read.headers.get("allow")]).toEqual([405, "POST"]);
    expect(orders).toEqual([]);
    const missing = await fetch(`${server.url}/nothing`);
    expect(missing.status).toBe(404);
    expect(await missing.text()).toContain("/-/healthy");
    expect((await fetch(`${server.url}/nothing`, { method: "DELETE" })).status).toBe(405);
  });

  it.each(["127.0.0.1", "0.0.0.0"])("on %s answers by its own names alone, but for probes", async (host) => {
    const named = await start(createTemporaryFolder(), { host, names: ["wind.example"] });
    const ask = (path: string, lines: readonly string[]) => askRaw(named.url, `GET ${path} HTTP/1.1`, lines);
    try {
      for (const [lines, isServed] of askedHosts) {
        expect([lines, (await ask("/status", lines)).status]).toEqual([lines, isServed ? 200 : 421]);
      }
      const foreign = ["Host: evil.example"];
      expect((await ask("/-/healthy", foreign)).status).toBe(200);
      expect((await ask("/metrics", foreign)).body).toContain("write it into gateway.httpNames");
      expect((await ask("/orders/one", foreign)).status).toBe(421);
    } finally {
      await named.close();
    }
  });

  it("is healthy to whoever asks while 200 others have not said what they want", async () => {
    await openHalf(server.url, 200);
    expect((await fetch(`${server.url}/-/healthy`)).status).toBe(200);
  });

  it("tells a route who asks, and what, and reads the body of an operator only", async () => {
    expect((await order("/orders/one?all=1", "do it", readToken())).status).toBe(200);
    expect((await order("/orders/two", "do it", "A".repeat(43))).status).toBe(200);
    expect(orders).toMatchObject([
      { method: "POST", path: "/orders/one", body: "do it", actor: "operator" },
      { method: "POST", path: "/orders/two", body: "", actor: "local" },
    ]);
    expect(await (await order("/orders/three", "x".repeat(5_000), readToken())).json()).toMatchObject({
      error: { code: "USAGE" },
    });
    expect(orders).toHaveLength(2);
    expect(onOrdered).toHaveBeenCalledOnce();
  });

  it("answers a failure with its code and hint, and a bug with a line in the log", async () => {
    const busy = await order("/orders/busy", "", readToken());
    expect([busy.status, await busy.json()]).toEqual([
      409,
      { error: { code: "DEVICE_BUSY", message: "busy", hint: expect.any(String) } },
    ]);
    expect(error).not.toHaveBeenCalled();
    const bug = await order("/orders/bug", "", readToken());
    expect([bug.status, await bug.json()]).toEqual([
      500,
      { error: { code: "GATEWAY", message: "this failed", hint: expect.any(String) } },
    ]);
    expect(error).toHaveBeenCalledOnce();
  });

  it("tells a caller whom it does not know that the disk may have taken no token", async () => {
    expect(await (await order("/orders/mine", "", "A".repeat(43))).json()).toMatchObject({
      error: { code: "GATEWAY", message: expect.stringContaining("disk is full or read-only: see its log") },
    });
  });

  it("lets only the state folder's owner read the token, as long as it listens, and makes a new one each time", async () => {
    expect(statSync(accessPath()).mode & 0o777).toBe(0o600);
    const token = readToken();
    await server.close();
    expect(existsSync(accessPath())).toBe(false);
    server = await start(stateDir);
    expect(readToken()).not.toBe(token);
  });

  it("does not start where it cannot write the token", async () => {
    await expect(start(join(stateDir, "nowhere"))).rejects.toMatchObject({ code: "STORE" });
  });
});

it("waits for a port that another program has, says so, and takes it when it is free", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const dir = createTemporaryFolder();
  const options = {
    host: "127.0.0.1",
    names: [],
    stateDir: dir,
    clock: { ...systemClock, nowMs: () => Date.UTC(2026, 0, 1, 6, 7, 8) },
    logger: { ...silentLogger, error },
    routes: createStatusRoutes({
      healthy: () => true,
      ready: () => true,
      metrics: async () => "",
      status: () => ({}),
    }),
    retry: { firstMs: 20, maxMs: 40 },
  };
  const late = await startGatewayHttp({ ...options, port });
  expect(late.url).toBe(`http://127.0.0.1:${port}`);
  expect(error).toHaveBeenCalledWith(
    expect.stringContaining("another program has the gateway's port"),
    expect.objectContaining({ address: `127.0.0.1:${port}`, hint: expect.stringContaining("httpPort") }),
  );
  expect(existsSync(join(dir, "access.json"))).toBe(false);
  const never = await startGatewayHttp({ ...options, port });
  await never.close();
  other.close();
  const isHealthy = (): Promise<boolean> =>
    fetch(`${late.url}/-/healthy`).then(
      ({ status }) => status === 200,
      () => false,
    );
  await until(isHealthy, "it has the port");
  await until(() => existsSync(join(dir, "access.json")), "the access file");
  await late.close();
  await expect(fetch(`${late.url}/-/healthy`)).rejects.toThrow();
});

it("stops listening although the disk keeps its access file", async () => {
  const { url, close } = await start(createTemporaryFolder());
  const dir = createTemporaryFolder();
  const stuck = await start(dir);
  rmSync(join(dir, "access.json"));
  mkdirSync(join(dir, "access.json"));
  await expect(stuck.close()).rejects.toThrow();
  await expect(fetch(`${stuck.url}/-/healthy`)).rejects.toThrow();
  expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
  await close();
});

it("takes orders by the token that a killed gateway left where the disk takes no new one, and keeps the file right", async ({
  skip,
}) => {
  const disk = mountSmallDisk(64);
  if (disk === null) return skip("nobody may mount a small disk here");
  const port = await findFreePort();
  const path = join(disk, "access.json");
  const left = { url: `http://127.0.0.1:${port}`, token: "k".repeat(43) };
  const leave = (access: object, mode = 0o600): void => {
    remountDisk(disk, "rw");
    writeFileSync(path, JSON.stringify(access));
    chmodSync(path, mode);
    remountDisk(disk, "ro");
  };
  const actorOf = async (token: string): Promise<string | undefined> => {
    await fetch(`http://127.0.0.1:${port}/orders/one`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    });
    return orders.at(-1)?.actor;
  };
  for (const [access, mode] of [
    [left, 0o644],
    [{ ...left, token: "short" }, 0o600],
    [{ ...left, url: "http://127.0.0.1:1" }, 0o600],
  ] as const) {
    leave(access, mode);
    const deaf = await start(disk, { port });
    expect(await actorOf(access.token)).toBe("local");
    await expect(deaf.close()).rejects.toThrow("read-only");
  }
  leave(left);
  const late = await start(disk, { port });
  expect(error).toHaveBeenLastCalledWith(
    "orders by the token of an earlier start: the access file cannot be written; trying again",
    expect.anything(),
  );
  expect(await actorOf(left.token)).toBe("operator");
  remountDisk(disk, "rw");
  rmSync(path);
  await until(() => existsSync(path), "the access file", 10_000);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(left);
  expect(await actorOf(left.token)).toBe("operator");
  await late.close();
  expect(existsSync(path)).toBe(false);
}, 20_000);

describe("a path below a route", () => {
  it("names ids, and nothing that leaves the place", () => {
    const pattern = "/alarms/:/:/:";
    expect(matchPlace("/alarms/WT-07/gearbox/inner-race", pattern)).toEqual([
      "WT-07",
      "gearbox",
      "inner-race",
    ]);
    expect(matchPlace("/devices/mcu_1.b/capture", "/devices/:/capture")).toEqual(["mcu_1.b"]);
    for (const path of ["/alarms/../gearbox/ball", "/alarms/.a/b/c", "/alarms/a/b", "/alarms/a/b/c/d"])
      expect(matchPlace(path, pattern)).toBeNull();
    expect(matchPlace("/devices/mcu/other", "/devices/:/capture")).toBeNull();
    expect(matchPlace(`/devices/${"x".repeat(64)}/capture`, "/devices/:/capture")).toBeNull();
  });

  it("is refused by the routes of alarms, baselines and devices where an id is none", async () => {
    const request = {
      method: "POST",
      body: "{}",
      actor: "operator",
      signal: AbortSignal.timeout(9e5),
    } as const;
    const ask = async ({ answer }: GatewayRoute, path: string): Promise<unknown> =>
      answer({ ...request, path });
    const [, alarms] = createAlarmRoutes({} as never);
    const [, baselines] = createBaselineRoutes({} as never);
    await expect(ask(alarms!, "/alarms/../gearbox/ball")).rejects.toThrow("there is only POST /alarms/");
    await expect(ask(baselines!, "/baselines/../gearbox/renew")).rejects.toThrow("there is only POST");
    await expect(ask(createDeviceRoute({} as never), "/devices/../capture")).rejects.toThrow("there is only");
  });
});

it("tells whoever brings a token that it is starting until the file with the new one is written, and answers others", async () => {
  // The threads that write files wait for whoever writes to these.
  const folder = createTemporaryFolder();
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  const pipes = Array.from({ length: threads }, (_, index) => join(folder, `${index}`));
  for (const pipe of pipes) execFileSync("mkfifo", [pipe]);
  const held = pipes.map((pipe) => open(pipe, "r"));
  const port = await findFreePort();
  const starting = start(createTemporaryFolder(), { port });
  const url = `http://127.0.0.1:${port}`;
  const ask = (path: string, init: RequestInit = {}): Promise<Response | null> =>
    fetch(`${url}${path}`, init).catch(() => null);
  try {
    await until(async () => (await ask("/-/healthy"))?.status === 200, "it listens");
    const told = await ask("/orders/mine", { method: "POST", headers: { authorization: "Bearer old" } });
    expect([told?.status, told?.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await told?.json()).toMatchObject({ error: { message: "the gateway is starting" } });
  } finally {
    const writers = pipes.map((pipe) => openSync(pipe, "w"));
    for (const handle of await Promise.all(held)) await handle.close();
    for (const writer of writers) closeSync(writer);
    await (await starting).close();
  }
});
