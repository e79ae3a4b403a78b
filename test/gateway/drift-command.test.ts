import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { driftCommand } from "../../src/cli/commands/drift.ts";
import { gatewayState } from "../../src/core/contract/config/state-names.ts";
import { outputOf } from "../support/output-of.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { createInstallation, names, startDevice } from "./installation.ts";
import { createTurbine } from "./turbines.ts";

/** Runs `aurora drift report` on a gateway's configuration. */
function report(config: string, ...args: readonly string[]): Promise<string> {
  return outputOf(() => driftCommand().parseAsync(["report", "--config", config, ...args], { from: "user" }));
}

function writeConfig(folder: string): { readonly config: string; readonly stateDir: string } {
  const stateDir = join(folder, "gateway");
  const config = join(folder, "gateway.yaml");
  const gateway = { id: names.gateway, site: names.site, stateDir };
  writeFileSync(config, JSON.stringify({ gateway, turbines: [{ id: "WT01" }] }));
  return { config, stateDir };
}

/** A status page as a gateway of some version serves it, with its access file. */
async function serveStatus(status: object): Promise<string> {
  const server = createServer((request, response) => {
    const isMine = request.headers.authorization === `Bearer ${"t".repeat(43)}`;
    response.writeHead(isMine ? 200 : 403, { "content-type": "application/json" });
    response.end(JSON.stringify(isMine ? status : {}));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  const { config, stateDir } = writeConfig(createTemporaryFolder());
  mkdirSync(stateDir);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(stateDir, gatewayState.access), JSON.stringify({ url, token: "t".repeat(43) }));
  return config;
}

test("a gateway says by itself of its points what it last found; without one it is an error", async () => {
  const installation = await createInstallation();
  await installation.putBundle({ version: "1.1.0" });
  const turbine = createTurbine(41, null);
  const device = await startDevice("WT01", turbine.source, 40);
  const { config } = writeConfig(installation.folder);
  await expect(report(config)).rejects.toMatchObject({ code: "GATEWAY" });
  await installation.startGateway([{ id: "WT01", bearing: turbine.bearing, connect: device.address }]);
  const nothingYet = { level: "learning", sinceMs: null, title: null, referenceDays: 0 };
  expect(JSON.parse(await report(config, "--json"))).toEqual({
    gateway: names.gateway,
    points: [{ turbine: "WT01", component: names.component, ...nothingYet }],
  });
  await expect(report(config, "--turbine", "WT99")).rejects.toMatchObject({ code: "USAGE" });
  await device.close();
});

test("a point is a line: its level, since when, its days, and what moved", async () => {
  const config = await serveStatus({
    gateway: "gw-1",
    drift: {
      points: [
        {
          turbine: "WT01",
          component: "gearbox",
          level: "learning",
          sinceMs: null,
          title: null,
          referenceDays: 1,
        },
        {
          turbine: "WT02",
          component: "generator-bearing",
          level: "drift",
          sinceMs: Date.UTC(2026, 10, 17),
          title: "WT02's sensor is 6 dB quieter \u001b[2J",
          referenceDays: 31,
        },
      ],
    },
  });
  const text = await report(config);
  expect(text).toContain("WT01 gearbox: learning, 1 day of its own\n");
  expect(text).toContain(
    "WT02 generator-bearing: drift since 2026-11-17T00:00:00.000Z, 31 days of its own\n  WT02's sensor is 6 dB quieter",
  );
  expect(text).not.toContain("\u001b");
  expect(await report(config, "--turbine", "WT02")).not.toContain("WT01");
});

test("a gateway that has heard nothing yet, and one that knows no drift, say so", async () => {
  const silent = await serveStatus({ gateway: "gw-1", drift: { points: [] } });
  expect(await report(silent)).toBe("The gateway gw-1 has heard no point yet whose drift it could tell.\n");
  const older = await serveStatus({ gateway: "gw-1" });
  await expect(report(older)).rejects.toMatchObject({
    code: "GATEWAY",
    hint: expect.stringContaining("older"),
  });
});
