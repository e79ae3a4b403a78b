import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ChannelContract } from "../../src/core/contract/bundle/manifest.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import { listMappedChannels } from "../../src/core/contract/config/mapped-channels.ts";
import { operatingChannels } from "../../src/core/contract/config/operating-channels.ts";
import { readYamlConfig } from "../../src/core/platform/daemon/yaml-config.ts";
import { parseTrainingConfig } from "../../src/training/training-config.ts";

const folder = join(import.meta.dirname, "..", "..", "scripts", "examples");

/** The data contract of a bundle, from its recipe. */
function channelsOf(bundle: string): readonly ChannelContract[] {
  const path = join(folder, "..", "..", "models", bundle, "train.yaml");
  return parseTrainingConfig(readFileSync(path), path).config.channels;
}

describe("the example configurations", () => {
  it("collector.yaml is valid", () => {
    const path = join(folder, "collector.yaml");
    const config = readYamlConfig({ path, schema: collectorConfigSchema(), environment: {} }).config;
    expect(config.registry.publish).toEqual(["models/bearing-vibration"]);
  });

  it("collector-mosquitto.yaml is valid, and its gateway has the keys of the same enrolment", () => {
    const path = join(folder, "collector-mosquitto.yaml");
    const { mqtt } = readYamlConfig({ path, schema: collectorConfigSchema(), environment: {} }).config;
    expect(mqtt.enrolmentKeyFile).not.toBeNull();
    const gatewayPath = join(folder, "gateway-mosquitto.yaml");
    const gateway = readYamlConfig({
      path: gatewayPath,
      schema: gatewayConfigSchema(),
      environment: {},
    }).config;
    expect(gateway.uplink.ackKeyFile).not.toBeNull();
    expect(gateway.mqtt.url).toBe(mqtt.url);
  });

  it.each(readdirSync(folder).filter((name) => name.startsWith("gateway")))("%s is valid", (name) => {
    const config = readYamlConfig({
      path: join(folder, name),
      schema: gatewayConfigSchema(),
      environment: {},
    }).config;
    expect(config.turbines.length).toBeGreaterThan(0);
    // A channel that no room reads would be quarantined at every message, and reported as a changed schema.
    for (const { turbine, channels } of listMappedChannels(config)) {
      const bundle = config.turbines.find(({ id }) => id === turbine)!.scadaBundle;
      const judged = bundle === null ? [] : channelsOf(bundle);
      for (const { name: channel, unit } of channels) {
        const known = judged.find((each) => each.name === channel) ?? operatingChannels[channel];
        expect(known?.unit, channel).toBe(unit);
      }
      // And a row that lacks one would never be judged.
      const mapped = channels.map((channel) => channel.name);
      expect(judged.filter((channel) => !mapped.includes(channel.name))).toEqual([]);
    }
  });
});
