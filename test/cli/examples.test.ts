import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { collectorConfigSchema } from "../../src/contract/collector-config.ts";
import { gatewayConfigSchema } from "../../src/contract/gateway-config-schema.ts";
import { operatingChannels } from "../../src/gateway/operating-readings.ts";
import { loadYamlConfig } from "../../src/platform/yaml-config.ts";

const folder = join(import.meta.dirname, "..", "..", "scripts", "examples");

describe("the example configurations", () => {
  it("collector.yaml is valid", () => {
    const path = join(folder, "collector.yaml");
    const config = loadYamlConfig({ path, schema: collectorConfigSchema, environment: {} });
    expect(config.registry.publish).toEqual(["models/bearing-vibration"]);
  });

  it.each(readdirSync(folder).filter((name) => name.startsWith("gateway")))("%s is valid", (name) => {
    const config = loadYamlConfig({ path: join(folder, name), schema: gatewayConfigSchema, environment: {} });
    expect(config.turbines.length).toBeGreaterThan(0);
    // A channel that no room reads would be quarantined at every message, and reported as a changed schema.
    for (const { name: channel, unit } of config.scada.flatMap(({ channels }) => channels)) {
      expect(operatingChannels[channel]?.unit, channel).toBe(unit);
    }
  });
});
