/** A collector with its own broker, keys and one bundle, and gateways that speak to it as real ones do. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInstallationKeys } from "../../src/collector/registry/installation-keys.ts";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import { type BundleContents, writeBundle } from "../../src/core/bundle/write-bundle.ts";
import type { Lineage } from "../../src/core/contract/bundle/lineage.ts";
import { bundleFileNames } from "../../src/core/contract/bundle/manifest.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { createTopics, type Topics } from "../../src/core/contract/topics.ts";
import type { UplinkAck, UplinkEnvelope, UplinkRecord } from "../../src/core/contract/uplink-record.ts";
import { laneOfKind } from "../../src/core/contract/uplink-record.ts";
import { fitReference } from "../../src/core/drift/fit-reference.ts";
import { encodeReference } from "../../src/core/drift/reference-codec.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { encodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { decodeUplinkAck } from "../../src/core/wire/uplink-ack.ts";
import { sampleFiles, sampleManifest } from "../core/bundle/sample-bundle.ts";
import { until } from "../support/until.ts";
import { type CollectorWiring, type RunningCollector, startCollector } from "../support/whole-collector.ts";

export const featureNames = [
  "bpfi.h1",
  "bpfi.h2",
  "bpfi.h3",
  "bpfo.h1",
  "bpfo.h2",
  "bpfo.h3",
  "bsf.h1",
  "bsf.h2",
  "shaft.h1",
  "cage.h1",
  "rms",
  "kurtosis",
];
export const failureModes = ["ball", "inner-race", "outer-race"];
const groups = ["inner-race", "outer-race", "ball", "shaft", "level"];
const groupOf = (name: string): string =>
  name.startsWith("bpfi")
    ? "inner-race"
    : name.startsWith("bpfo")
      ? "outer-race"
      : name.startsWith("bsf")
        ? "ball"
        : name.includes("h1")
          ? "shaft"
          : "level";

/** Rows of a healthy bearing: independent standard normal features and scores. */
export function healthyRow(random: { normal(): number }, width: number): Float32Array {
  return Float32Array.from({ length: width }, () => random.normal());
}

const random = createRandom(11);
const rows = Array.from({ length: 600 }, () => healthyRow(random, featureNames.length));
const scoreRows = rows.map(() => healthyRow(random, failureModes.length));

/** The drift reference of the bundle that the fixture publishes. */
export const reference = fitReference(
  { rows, featureNames, scoreRows },
  {
    seed: 3,
    replicates: 500,
    scoreNames: failureModes.map((mode) => `score.${mode}`),
  },
);

/** That bundle. */
export function fleetBundle(version = "1.2.0", origin: Partial<Lineage> = {}): BundleContents {
  return {
    manifest: sampleManifest({
      lineage: { ...sampleManifest().lineage, ...origin },
      name: "bearing-vibration",
      title: "Bearing faults from vibration",
      version,
      features: {
        catalogueVersion: 1,
        chains: [{ name: "envelope", kind: "whitened-envelope-orders", params: {} }],
        list: featureNames.map((name) => ({
          name,
          operator: "order-log-snr",
          chain: "envelope",
          params: {},
          group: groupOf(name),
        })),
      },
      scaler: {
        mean: featureNames.map(() => 0),
        inverseStd: featureNames.map(() => 1),
        clamp: 8,
      },
      outputs: [
        { failureMode: "ball", title: "ball fault" },
        { failureMode: "inner-race", title: "inner race fault" },
        { failureMode: "outer-race", title: "outer race fault" },
      ],
      calibration: failureModes.map(() => ({ slope: 1, intercept: 0 })),
      thresholds: failureModes.map(() => ({
        raise: 0.9,
        onCount: 8,
        onWindows: 10,
        clear: 0.5,
        offWindows: 20,
      })),
      groups,
    }),
    files: new Map([...sampleFiles(), [bundleFileNames.reference, encodeReference(reference)]]),
  };
}

export interface TestFleet {
  readonly collector: RunningCollector;
  /** SHA-256 of the bundle's manifest. */
  readonly digest: string;
  readonly bundlesDir: string;
  readonly topics: Topics;
  /** Writes another version beside the first, its lineage changed by `origin`; resolves with its digest. */
  addBundle(version: string, origin?: Partial<Lineage>): Promise<string>;
  getJson(path: string): Promise<{ readonly status: number; readonly body: never }>;
}

/** The longest name that a gateway may have. */
export const longGateway = "gateway-of_63_characters".repeat(3).slice(0, 63);

/** Starts a collector in `folder`; whoever calls it closes it. */
export async function startTestFleet(
  folder: string,
  wiring: CollectorWiring = {},
  changes: object = {},
): Promise<TestFleet> {
  const keysDir = join(folder, "keys");
  await createInstallationKeys(keysDir, Date.now());
  const release = parsePrivateKey(createKeyPair().privateKeyPem);
  const trusted = join(folder, "release.pub");
  writeFileSync(trusted, release.publicKey.pem);
  const bundlesDir = join(folder, "bundles");
  const bundle = await writeBundle(join(bundlesDir, "1.2.0"), fleetBundle(), release);
  const passwordFile = join(folder, "gw-1.password");
  writeFileSync(passwordFile, "correct horse\n", { mode: 0o600 });
  const config = collectorConfigSchema().parse({
    collector: { stateDir: join(folder, "state"), httpPort: 0, httpNames: ["wind.example"] },
    mqtt: {
      embedded: {
        port: 0,
        anonymousRead: true,
        gateways: ["gw-1", "gw-2", longGateway].map((id) => ({ id, passwordFile })),
      },
    },
    registry: { keysDir, publish: [bundlesDir], trustedKeys: [trusted] },
    ...changes,
  });
  const collector = await startCollector(config, {
    logger: silentLogger,
    // Tests look at once at what they have sent.
    freshMs: 0,
    ...wiring,
  });
  return {
    collector,
    bundlesDir,
    digest: bundle.digest,
    topics: createTopics(config.mqtt.base),
    addBundle: async (version, origin) =>
      (await writeBundle(join(bundlesDir, version), fleetBundle(version, origin), release)).digest,
    getJson: async (path) => {
      const answer = await fetch(`${collector.url}${path}`);
      return { status: answer.status, body: (await answer.json()) as never };
    },
  };
}

/** Turbines whose state has been stored. */
export async function countStates(fleet: TestFleet): Promise<number> {
  return (await fleet.collector.record.turbines()).filter((row) => row.state !== null).length;
}

/** The sending half of a gateway. */
export interface TestGateway {
  readonly client: MqttClient;
  readonly acks: UplinkAck[];
  /** Sends records of one lane as the next envelope, and waits until they are acknowledged as stored. */
  send(...records: UplinkRecord[]): Promise<void>;
  /** Publishes bytes on the uplink as they are. */
  sendRaw(lane: UplinkEnvelope["lane"], bytes: Uint8Array): Promise<void>;
  publish(topic: string, payload: object, retain?: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Connects a gateway. */
export async function connectGateway(
  fleet: { readonly collector: Pick<RunningCollector, "mqttUrl">; readonly topics: Topics },
  id = "gw-1",
  bootId = "boot-1",
): Promise<TestGateway> {
  const client = createMqttClient({
    url: fleet.collector.mqttUrl,
    clientId: `gateway-${id}`,
    username: id,
    password: "correct horse",
  });
  const acks: UplinkAck[] = [];
  await client.subscribe(fleet.topics.ack(id), 1, (_, payload) => {
    const ack = decodeUplinkAck(payload);
    if (ack.ok) acks.push(ack.value);
  });
  await until(() => client.connected, "gateway connected");
  const next = new Map<string, number>();
  return {
    client,
    acks,
    send: async (...records) => {
      const lane = laneOfKind[records[0]!.kind];
      const firstSequence = next.get(lane) ?? 1;
      const last = firstSequence + records.length - 1;
      next.set(lane, last + 1);
      const envelope = { gateway: id, bootId, lane, firstSequence, oldestSequence: firstSequence, records };
      await client.publish(fleet.topics.up(id, lane), encodeUplinkEnvelope(envelope), {
        qos: 1,
        retain: false,
      });
      await until(
        () => acks.some((ack) => ack.lane === lane && ack.sequence >= last),
        `ack of ${lane} ${last}`,
      );
    },
    sendRaw: (lane, bytes) => client.publish(fleet.topics.up(id, lane), bytes, { qos: 1, retain: false }),
    publish: (topic, payload, retain = true) =>
      client.publish(topic, JSON.stringify(payload), { qos: 1, retain }),
    close: () => client.close(),
  };
}
