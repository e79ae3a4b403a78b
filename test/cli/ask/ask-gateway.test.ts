import { readFileSync, writeFileSync } from "node:fs";
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
