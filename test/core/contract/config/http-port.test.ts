import { expect, test } from "vitest";
import { readAddress } from "../../../../src/cli/ask/ask-collector.ts";
import { parseHttpPort } from "../../../../src/cli/terminal/options.ts";
import { collectorConfigSchema } from "../../../../src/core/contract/config/collector-config.ts";
import { isClosedToHttp } from "../../../../src/core/contract/config/config-parts.ts";
import { gatewayConfigSchema } from "../../../../src/core/contract/config/gateway-config-schema.ts";
import { warnOfCollector } from "../../../../src/core/platform/daemon/config-warnings.ts";
import { warnOfGateway } from "../../../../src/core/serving/gateway-warnings.ts";

const closed = Array.from({ length: 65_536 }, (_, port) => port).filter(isClosedToHttp);

test("the ports that are closed to http are those that fetch does not open", async () => {
  expect(closed).toHaveLength(82);
  for (const port of closed)
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      cause: { message: "bad port" },
    });
});

const warnGateway = (httpPort: number) => {
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw1", site: "north", httpPort },
    turbines: [{ id: "WT01" }],
  });
  return warnOfGateway(config, { hasPassword: false, nowMs: Date.UTC(2026, 0, 1) });
};
const warnCollector = (httpPort: number) =>
  warnOfCollector(collectorConfigSchema().parse({ collector: { httpPort } }));

test.each([
  ["gateway", warnGateway],
  ["collector", warnCollector],
] as const)("a %s may have a page's port that only a proxy reaches, and is warned of it", (kind, warn) => {
  const find = (port: number) => warn(port).filter(({ path }) => path.join(".") === `${kind}.httpPort`);
  for (const port of [6666, 6000, 10_080, 5060])
    expect(find(port)).toMatchObject([{ problem: expect.stringContaining("open no page") }]);
  for (const port of [0, 80, 443, 8080, 9617, 65_535]) expect(find(port)).toEqual([]);
});

test("a command says so where it is given such a port", () => {
  expect(() => parseHttpPort("6666")).toThrow(/open no page/);
  expect(parseHttpPort("6670")).toBe(6670);
  const read = (collector: string) => readAddress({ collector, op: "ask" });
  expect(() => read("http://wind.example:6000/fleet")).toThrow(
    expect.objectContaining({ code: "USAGE", hint: expect.stringContaining("another port") }),
  );
  expect(read("http://wind.example/").port).toBe("");
});
