import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { askOperator, loadGatewayConfig } from "../../../src/cli/ask/ask-gateway.ts";
import { systemClock } from "../../../src/core/platform/clock.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { answerJson, startGatewayHttp } from "../../../src/gateway/status/gateway-http.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";

test("a gateway that has no place for a question is busy, and one that has ended does not answer", async () => {
  const stateDir = createTemporaryFolder();
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let held = 0;
  const server = await startGatewayHttp({
    host: "127.0.0.1",
    names: [],
    port: 0,
    stateDir,
    clock: systemClock,
    logger: silentLogger,
    routes: [
      {
        method: "GET",
        path: "/held",
        async answer() {
          held += 1;
          await released;
          return answerJson({});
        },
      },
    ],
  });
  onTestFinished(release);
  const path = join(stateDir, "gateway.yaml");
  writeFileSync(
    path,
    JSON.stringify({ gateway: { id: "gw", site: "s", stateDir }, turbines: [{ id: "WT01" }] }),
  );
  const config = loadGatewayConfig(path);
  const ask = () =>
    askOperator({
      config,
      path: "/held",
      schema: z.object({}),
      maxBytes: 1024,
      timeoutMs: 30_000,
      op: "ask",
      subject: "gw",
    });
  const asked = Array.from({ length: 128 }, ask);
  await until(() => held === 128, "every place is taken");
  await expect(ask()).rejects.toMatchObject({
    code: "GATEWAY",
    message: `the gateway at ${server.url} is busy or does not answer`,
    hint: "Try again.",
  });
  release();
  await Promise.all(asked);

  const access = readFileSync(join(stateDir, "access.json"));
  await server.close();
  writeFileSync(join(stateDir, "access.json"), access);
  await expect(ask()).rejects.toMatchObject({
    message: `the gateway at ${server.url} does not answer`,
    hint: expect.stringContaining("Start it"),
  });
});

test("an answer that does not fit is said so, and a question that was given up is", async () => {
  let reply: readonly [number, string] | null = [200, ""];
  const server = createServer((_, response) => {
    if (reply !== null) response.writeHead(reply[0]).end(reply[1]);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stateDir = createTemporaryFolder();
  writeFileSync(join(stateDir, "access.json"), JSON.stringify({ url, token: "x".repeat(43) }));
  const path = join(stateDir, "gateway.yaml");
  writeFileSync(
    path,
    JSON.stringify({ gateway: { id: "gw", site: "s", stateDir }, turbines: [{ id: "WT01" }] }),
  );
  const stop = new AbortController();
  const ask = () =>
    askOperator({
      config: loadGatewayConfig(path),
      path: "/alarms",
      schema: z.object({ alarms: z.array(z.string()) }),
      maxBytes: 1024,
      signal: stop.signal,
      op: "ask",
      subject: "gw",
    });
  for (const wrong of [
    [200, JSON.stringify({ alarms: [3] })],
    [200, "<html>"],
    [200, ""],
    [200, JSON.stringify({ alarms: ["x".repeat(1024)] })],
    [502, JSON.stringify({ oops: 1 })],
  ] as const) {
    reply = wrong;
    await expect(ask(), String(wrong)).rejects.toMatchObject({
      code: "GATEWAY",
      message: `the answer of ${url} is not that of a gateway of this version`,
      hint: expect.stringContaining("Update the older one of the two"),
    });
  }
  reply = [500, JSON.stringify({ error: { code: "GATEWAY", message: "it ends" } })];
  await expect(ask()).rejects.toMatchObject({ code: "GATEWAY", message: "it ends" });
  reply = null;
  setTimeout(() => stop.abort(), 50);
  await expect(ask()).rejects.toMatchObject({ code: "GATEWAY", message: expect.stringMatching(/^given up/) });
});
