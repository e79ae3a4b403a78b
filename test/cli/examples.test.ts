import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, test } from "vitest";
import type { ChannelContract } from "../../src/core/contract/bundle/manifest.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import { listMappedChannels } from "../../src/core/contract/config/mapped-channels.ts";
import { operatingChannels } from "../../src/core/contract/config/operating-channels.ts";
import { readYamlConfig } from "../../src/core/platform/daemon/yaml-config.ts";
import { parseTrainingConfig } from "../../src/training/training-config.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { auroraHere } from "./aurora.ts";

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

test.each(["gateway-mosquitto.yaml", "collector-mosquitto.yaml"])(
  "what %s says lets the service's group read what it names, and not the authority's key",
  async (name) => {
    const work = createTemporaryFolder();
    const dir = join(work, "enrolment");
    const place = ["--site", "kelmarsh", "--tls", "broker.example", "--dir", dir];
    const made = await auroraHere("fleet", "enrol", "gw-wt01", ...place);
    expect(made.stderr).toBe("");
    cpSync(join(work, "enrolment", "gateways", "gw-wt01"), join(work, "enrolled"), { recursive: true });
    const text = readFileSync(join(folder, name), "utf8").replaceAll("/etc/aurora", work);
    // Groups are the machine's; modes are what the test is of.
    const commands = [...text.matchAll(/^# {3}(.*chmod.*|cd .*)$/gm)].map(([, line]) =>
      line!.replaceAll("chown ", "true "),
    );
    execFileSync("sh", ["-ec", commands.join("\n")]);
    const named = [...text.matchAll(/File: (.*)$/gm)].map(([, path]) => path!);
    expect(named.length).toBeGreaterThan(3);
    const modes = named.flatMap((path) => [
      statSync(path).mode & 0o777,
      statSync(dirname(path)).mode & 0o777,
    ]);
    expect(new Set(modes)).toEqual(new Set([0o640, 0o750]));
    expect(statSync(join(work, "enrolment", "ca.key")).mode & 0o777).toBe(0o600);
  },
);
