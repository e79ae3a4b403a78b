import { expect, test } from "vitest";
import { checkRunning } from "../../src/cli/doctor/check-running.ts";
import { findGateway } from "../../src/cli/doctor/find-gateway.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import { until } from "../support/until.ts";
import { createInstallation, names } from "./installation.ts";
import { exceptionFrame, registersFrame, startHandModbusServer } from "./sources/hand-modbus-server.ts";
import { createTurbine } from "./turbines.ts";

const { bearing } = createTurbine(31, null);
const power = { name: "power", type: "int16", unit: "kW" };

test("what is wrong with a field bus is in the gateway's metrics, in the state of whom it concerns, in the events and on the page", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const server = await startHandModbusServer((request) =>
    request.unitId === 1 ? exceptionFrame(request, 2) : registersFrame(request, [5]),
  );
  const modbusUrl = `tcp://127.0.0.1:${server.port}`;
  const opcuaUrl = "opc.tcp://127.0.0.1:4840";
  const turbines = ["WT01", "WT02"].map((id) => ({ id, bearing, connect: "mqtt" }));
  const gateway = await installation.startGateway(turbines, {
    modbus: [
      {
        url: modbusUrl,
        pollSeconds: 1,
        units: [
          { turbine: "WT01", unitId: 1, channels: [{ ...power, address: 10 }] },
          { turbine: "WT02", unitId: 2, channels: [{ ...power, address: 10 }] },
        ],
      },
    ],
    // Its package is no part of a checkout.
    opcua: [
      {
        url: opcuaUrl,
        security: "none",
        turbines: [{ turbine: "WT02", channels: [{ name: "wind", node: "ns=2;s=w", unit: "m/s" }] }],
      },
    ],
  });

  const page = async (of: string): Promise<string> => (await fetch(`${collector.url}${of}`)).text();
  const refused = "no value of power (unit 1, holding 10): exception 2, illegal data address";
  const sourcesOf = async (turbine: string): Promise<unknown> => {
    const { items } = JSON.parse(await page("/api/v1/turbines"));
    return items.find((each: { turbine: string }) => each.turbine === turbine)?.state?.sources;
  };
  await until(async () => (await sourcesOf("WT02")) !== undefined, "the collector has the states");
  await until(async () => ((await sourcesOf("WT01")) as unknown[]).length > 0, "the refused register");
  await until(async () => ((await sourcesOf("WT02")) as unknown[]).length > 0, "the missing package");
  expect(await sourcesOf("WT01")).toMatchObject([
    {
      source: modbusUrl,
      diagnoses: [{ code: "no-value", text: refused, cure: expect.stringMatching(/manual/) }],
    },
  ]);
  expect(await sourcesOf("WT02")).toMatchObject([
    {
      source: opcuaUrl,
      diagnoses: [
        {
          code: "no-connection",
          text: expect.stringMatching(/node-opcua-client.*is not installed/),
          cure: expect.stringMatching(/npm install -g node-opcua-client/),
        },
      ],
    },
  ]);
  expect(await page(`/turbine/${names.site}/WT01`)).toContain("exception 2, illegal data address");
  expect(await page(`/turbine/${names.site}/WT02`)).not.toContain("exception 2");
  await until(
    async () => /source-diagnosis\.onset<\/b> tcp:.*WT01: no value of power/.test(await page("/")),
    "the events say so",
  );

  const metrics = (await (await fetch(`${gateway.httpUrl}/metrics`)).text()).split("\n");
  expect(metrics).toEqual(
    expect.arrayContaining([
      `aurora_source_connected{source="${modbusUrl}"} 1`,
      `aurora_source_connected{source="${opcuaUrl}"} 0`,
      `aurora_source_diagnosed{source="${modbusUrl}",code="no-value"} 1`,
      `aurora_source_diagnosed{source="${modbusUrl}",code="no-connection"} 0`,
      `aurora_source_diagnosed{source="${opcuaUrl}",code="no-connection"} 1`,
      expect.stringMatching(/^aurora_source_readings_total\{source="tcp:\S+"\} [1-9]/),
      expect.stringMatching(/^aurora_source_bad_readings_total\{source="tcp:\S+"\} [1-9]/),
    ]),
  );

  const httpPort = Number(new URL(gateway.httpUrl).port);
  const config = gatewayConfigSchema().parse({
    gateway: { id: names.gateway, site: names.site, httpPort },
    turbines: [{ id: "WT01" }],
  });
  const found = checkRunning(config, (await findGateway(config)).page);
  expect(found).toMatchObject([
    {},
    { verdict: "warning", name: `SCADA source ${modbusUrl}`, advice: expect.stringMatching(/manual/) },
    { verdict: "bad", name: `SCADA source ${opcuaUrl}`, advice: expect.stringMatching(/npm install/) },
  ]);
});
