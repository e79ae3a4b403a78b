import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type EnrolRequest, enrolGateways } from "../../../src/cli/fleet/enrol-gateways.ts";
import {
  type EnrolledSites,
  openGatewaySites,
  warnOfAnySite,
} from "../../../src/collector/uplink/gateway-sites.ts";
import { collectorConfigSchema } from "../../../src/core/contract/config/collector-config.ts";
import { type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const url = "mqtt://broker.example:1883";

async function enrol(dir: string, sites: Readonly<Record<string, string | null>>): Promise<string> {
  const gateways = Object.entries(sites).map(([id, site]) => ({ id, site, devices: [], readTopics: [] }));
  const request: EnrolRequest = { dir, gateways, base: null, tlsHost: null, days: 1, nowMs: Date.now() };
  return (await enrolGateways(request)).enrolledFile;
}

/** The list of a configuration, and what is logged of it. */
async function openSites(enrolledFile: string): Promise<{ sites: EnrolledSites; said: string[] }> {
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  const logger: Logger = { ...silentLogger, info: say, warn: say, error: say };
  const config = collectorConfigSchema().parse({ mqtt: { url, enrolledFile } });
  warnOfAnySite(config, logger);
  return { sites: await openGatewaySites(config, logger), said };
}

it("knows a gateway's site from the list that an enrolment writes, and nobody else", async () => {
  const { sites, said } = await openSites(
    await enrol(createTemporaryFolder(), { "gw-1": "kelmarsh", "gw-2": "penmanshiel" }),
  );
  expect(["gw-1", "gw-2", "gw-3"].map((id) => sites.get(id))).toEqual(["kelmarsh", "penmanshiel", null]);
  expect(["kelmarsh", "penmanshiel", "other"].map((site) => sites.hasSite(site))).toEqual([
    true,
    true,
    false,
  ]);
  expect(said).toEqual([]);
});

it("lets a gateway that was enrolled without a site speak of any", async () => {
  const { sites } = await openSites(
    await enrol(createTemporaryFolder(), { "gw-1": "kelmarsh", "gw-2": null }),
  );
  expect([sites.get("gw-1"), sites.get("gw-2"), sites.hasSite("other")]).toEqual([
    "kelmarsh",
    undefined,
    true,
  ]);
});

it("hears of enrolments while it runs, and keeps the last good list over a bad one, which it tells of once", async () => {
  const dir = createTemporaryFolder();
  const file = await enrol(dir, { "gw-1": "kelmarsh" });
  const { sites, said } = await openSites(file);
  await sites.refresh();
  expect(said).toEqual([]);
  await enrol(dir, { "gw-2": "penmanshiel" });
  await sites.refresh();
  expect(sites.get("gw-2")).toBe("penmanshiel");
  expect(said).toEqual(["the list of enrolled gateways was read"]);
  said.length = 0;
  writeFileSync(file, "{");
  await sites.refresh();
  await sites.refresh();
  rmSync(file);
  await sites.refresh();
  expect(["gw-1", "gw-2", "gw-3"].map((id) => sites.get(id))).toEqual(["kelmarsh", "penmanshiel", null]);
  expect(said).toEqual(["the list of enrolled gateways cannot be used; the one before holds"]);
  await enrol(dir, { "gw-3": "kelmarsh" });
  await sites.refresh();
  expect(["gw-1", "gw-2", "gw-3"].map((id) => sites.get(id))).toEqual([null, null, "kelmarsh"]);
});

const entry = { id: "gw-1", site: "kelmarsh" };
it.each([
  ["not JSON", "{"],
  ["of another version", JSON.stringify({ version: 2, gateways: [entry] })],
  ["of an id that is none", JSON.stringify({ version: 1, gateways: [{ ...entry, id: "a/b" }] })],
  ["of one gateway twice", JSON.stringify({ version: 1, gateways: [entry, { ...entry, site: "other" }] })],
  ["without sites", JSON.stringify({ version: 1, gateways: [{ id: "gw-1" }] })],
])("does not start with a list that is %s", async (_what, text) => {
  const file = join(createTemporaryFolder(), "enrolled.json");
  await expect(openSites(file)).rejects.toMatchObject({ code: "CONFIG_INVALID", subject: file });
  writeFileSync(file, text);
  await expect(openSites(file)).rejects.toMatchObject({ code: "CONFIG_INVALID", subject: file });
});

it("warns where any gateway of another broker may speak of any site", () => {
  const said: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (message) => void said.push(message) };
  warnOfAnySite(collectorConfigSchema().parse({}), logger);
  expect(said).toEqual([]);
  warnOfAnySite(collectorConfigSchema().parse({ mqtt: { url } }), logger);
  expect(said).toEqual(["any gateway of the broker may speak of the turbines of any site"]);
});

it("has the sites of the embedded broker's gateways in its configuration, and no list beside it", async () => {
  const gateways = [{ ...entry, passwordFile: "p" }];
  const config = collectorConfigSchema().parse({ mqtt: { embedded: { gateways } } });
  const sites = await openGatewaySites(config, silentLogger);
  expect([sites.get("gw-1"), sites.get("gw-2"), sites.hasSite("x")]).toEqual(["kelmarsh", undefined, true]);
  expect(collectorConfigSchema().safeParse({ mqtt: { enrolledFile: "enrolled.json" } }).success).toBe(false);
});
