import { expect, test } from "vitest";
import { readAddress } from "../../../../src/cli/ask/ask-collector.ts";
import { parseHttpPort } from "../../../../src/cli/terminal/options.ts";
import { collectorConfigSchema } from "../../../../src/core/contract/config/collector-config.ts";
import { isClosedToHttp } from "../../../../src/core/contract/config/config-parts.ts";
import { gatewayConfigSchema } from "../../../../src/core/contract/config/gateway-config-schema.ts";

const closed = Array.from({ length: 65_536 }, (_, port) => port).filter(isClosedToHttp);

test("the ports that are closed to http are those that fetch does not open", async () => {
  expect(closed).toHaveLength(82);
  for (const port of closed)
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      cause: { message: "bad port" },
    });
});

const findGatewayIssues = (httpPort: number) =>
  gatewayConfigSchema().safeParse({
    gateway: { id: "gw1", site: "north", httpPort },
    turbines: [{ id: "WT01" }],
  }).error?.issues;
const findCollectorIssues = (httpPort: number) =>
  collectorConfigSchema().safeParse({ collector: { httpPort } }).error?.issues;

test.each([
  ["gateway", findGatewayIssues],
  ["collector", findCollectorIssues],
] as const)("a %s takes no page's port that no command could reach", (kind, find) => {
  for (const port of [6666, 6000, 10_080, 5060])
    expect(find(port)).toMatchObject([
      { path: [kind, "httpPort"], message: expect.stringContaining("open no page") },
    ]);
  for (const port of [0, 80, 443, 8080, 9617, 65_535]) expect(find(port)).toBeUndefined();
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
