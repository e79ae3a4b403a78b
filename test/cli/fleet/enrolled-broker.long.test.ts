import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type EnrolResult, enrolGateways } from "../../../src/cli/fleet/enrol-gateways.ts";
import { revokeGateway } from "../../../src/cli/fleet/revoke-gateway.ts";
import { issueForSite } from "../../../src/cli/fleet/site-authority.ts";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import type { EvidenceOrder, EvidenceReceipt } from "../../../src/core/contract/evidence.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { systemClock, systemTimers } from "../../../src/core/platform/clock.ts";
import { readHexKey } from "../../../src/core/platform/files/read-hex-key.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { readBrokerLogin } from "../../../src/core/platform/mqtt/broker-login.ts";
import type { MqttClient } from "../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { isSealedAck, isSealedOrder } from "../../../src/core/platform/seal-orders.ts";
import { encodeUplinkEnvelope } from "../../../src/core/wire/envelope-codec.ts";
import { decodeUplinkAck } from "../../../src/core/wire/uplink-ack.ts";
import { listenToOrders } from "../../../src/gateway/evidence/evidence-orders.ts";
import { connectGatewayMqtt } from "../../../src/gateway/gateway-mqtt.ts";
import { createOutbox } from "../../../src/gateway/record/outbox.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { createUplink } from "../../../src/gateway/record/uplink.ts";
import { makeEvidence } from "../../collector/evidence/make-evidence.ts";
import { alertEvent, alertRecord } from "../../collector/fleet-records.ts";
import { hasMosquitto } from "../../support/mosquitto.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { beginEnrolled, loginOf, startEnrolledCollector } from "./enrolled-broker.ts";

const topics = createTopics("aurora/v1");
const kinds = [
  { kind: "passwords", tlsHost: null },
  { kind: "certificates", tlsHost: "localhost" },
] as const;

describe.skipIf(!hasMosquitto).each(kinds)(
  `mosquitto with the files of an enrolment with $kind${hasMosquitto ? "" : " (not installed)"}`,
  ({ tlsHost }) => {
    test("a gateway's alerts are stored and acknowledged, with the key of the enrolment", async () => {
      const around = await beginEnrolled(tlsHost);
      const collector = await startEnrolledCollector(around, tlsHost !== null);
      onTestFinished(() => collector.close());
      const file = openStoreFile({ path: join(createTemporaryFolder(), "store.db") });
      onTestFinished(() => file.close());
      const outbox = createOutbox({ file, clock: systemClock, timers: systemTimers });
      onTestFinished(() => outbox.close());
      const key = await readHexKey(join(around.enrolled.gateways[0]!.dir, "ack.key"));
      const uplink = createUplink({
        gateway: "gw-1",
        outbox,
        transport: await around.connectAs("gw-1"),
        topics,
        clock: systemClock,
        timers: systemTimers,
        isAuthentic: (ack) => isSealedAck(key, "gw-1", ack),
        ackTimeoutMs: 500,
        resend: { firstMs: 20, maxMs: 100 },
      });
      onTestFinished(() => uplink.close());
      outbox.append({ kind: "event", timeMs: Date.now(), name: "enrolled", subject: "s", detail: "" });
      outbox.flush();
      await until(() => outbox.counts().records === 0, "it is stored");
      expect(uplink.counts()).toMatchObject({ acksRefused: 0 });
      const events = await collector.record.events({ limit: 9, offset: 0 });
      expect(events.items.map(({ gateway, name }) => [gateway, name])).toEqual([["gw-1", "enrolled"]]);
    });

    test("what the collector says of raw evidence reaches its gateway, and is known to be the collector's", async () => {
      const around = await beginEnrolled(tlsHost);
      const collector = await startEnrolledCollector(around, tlsHost !== null);
      onTestFinished(() => collector.close());
      const gateway = await around.connectAs("gw-1");
      const key = await readHexKey(join(around.enrolled.gateways[0]!.dir, "ack.key"));
      const heard: EvidenceOrder[] = [];
      await listenToOrders(
        { mqtt: gateway, logger: silentLogger },
        {
          topic: topics.evidence("gw-1"),
          isAuthentic: (order) => isSealedOrder(key, "gw-1", order),
          onReceipt: (receipt) => void heard.push(receipt),
          onRequest: (request) => void heard.push(request),
        },
      );
      const { id, pieces } = await makeEvidence();
      const records = pieces(60_000);
      const envelope = { gateway: "gw-1", bootId: "b", lane: "raw", firstSequence: 1 } as const;
      const message = encodeUplinkEnvelope({ ...envelope, oldestSequence: 1, records });
      await gateway.publish(topics.up("gw-1", "raw"), message, { qos: 1, retain: false });
      await until(() => heard.length > 0, "a receipt");
      expect(heard).toMatchObject([{ type: "receipt", id, state: "stored" }]);
      // Of another gateway's key, without one, and of other words.
      const [order] = heard as [EvidenceReceipt];
      const { mac: _, ...bare } = order;
      expect(isSealedOrder(key, "gw-2", order)).toBe(false);
      expect(isSealedOrder(key, "gw-1", bare)).toBe(false);
      expect(isSealedOrder(key, "gw-1", { ...order, have: order.have + 1 })).toBe(false);
    });

    test("a gateway raises and clears no alarm of another's turbine, whatever site it names", async () => {
      const around = await beginEnrolled(tlsHost);
      const collector = await startEnrolledCollector(around, tlsHost !== null);
      onTestFinished(() => collector.close());
      const raised = alertEvent("wt-1", "raised", Date.now());
      const forged = { ...alertEvent("wt-1", "cleared", Date.now() + 1), id: "chosen" };
      const connectSender = async (gateway: string) => {
        const client = await around.connectAs(gateway);
        let stored = 0;
        await client.subscribe(topics.ack(gateway), 1, (_topic, payload) => {
          const ack = decodeUplinkAck(payload);
          if (ack.ok) stored = ack.value.sequence;
        });
        return async (event: AlertEvent): Promise<void> => {
          const firstSequence = stored + 1;
          const header = { gateway, bootId: "b", lane: "alert", firstSequence, oldestSequence: 1 } as const;
          const envelope = encodeUplinkEnvelope({ ...header, records: [alertRecord(event)] });
          await client.publish(topics.up(gateway, "alert"), envelope, { qos: 1, retain: false });
          await until(() => stored === firstSequence, `${gateway} is answered`);
        };
      };
      const [owner, stranger] = [await connectSender("gw-1"), await connectSender("gw-2")];
      // Of north-sea, for which gw-2 was not enrolled: under the id that is to come, and under one of its own.
      await stranger({ ...forged, id: raised.id });
      expect((await collector.record.alarms({ limit: 9, offset: 0 })).total).toBe(0);
      await owner(raised);
      await stranger(forged);
      const { items } = await collector.record.alarms({ limit: 9, offset: 0 });
      expect(items).toMatchObject([{ active: true, event: { id: raised.id, data: { turbine: "wt-1" } } }]);
      const { items: refused } = await collector.record.quarantine(9);
      expect(refused).toMatchObject([{ reason: "foreign-site", detail: expect.stringContaining("gw-2") }]);
    });

    test("no gateway ends the connection of the collector, or of another gateway, by its client id", async () => {
      const around = await beginEnrolled(tlsHost);
      const isTls = tlsHost !== null;
      const losses: unknown[] = [];
      const logger = {
        ...silentLogger,
        warn: (message: string, fields?: Readonly<Record<string, unknown>>) =>
          void (message.startsWith("no connection") && losses.push(fields)),
      };
      const collector = await startEnrolledCollector(around, isTls, logger);
      onTestFinished(() => collector.close());
      const [one, two] = around.enrolled.gateways;
      const config = gatewayConfigSchema().parse({
        gateway: { id: "gw-1", site: "north-sea", stateDir: join(createTemporaryFolder(), "state") },
        mqtt: { url: around.url, ...loginOf(one!.dir, "gw-1", isTls) },
        uplink: { ackKeyFile: join(one!.dir, "ack.key") },
        turbines: [{ id: "wt-1" }],
      });
      const gateway = await connectGatewayMqtt({
        config,
        topics,
        environment: {},
        runtimeVersion: "0",
        clock: systemClock,
        timers: systemTimers,
        logger,
        onEvent: () => {},
      });
      onTestFinished(() => gateway.close());
      await until(() => gateway.client.connected, "the gateway is connected");
      await until(async () => (await collector.record.gateways()).length > 0, "the collector hears it");
      for (const clientId of ["aurora-collector", "aurora-gateway-gw-1"]) {
        const thief = around.connect(clientId, await readBrokerLogin(loginOf(two!.dir, "gw-2", isTls)));
        await until(() => thief.connected, "the thief is connected");
      }
      // What goes around after that shows that both connections are what they were.
      const event = { kind: "event", timeMs: Date.now(), name: "e", subject: "s", detail: "" } as const;
      const header = { gateway: "gw-1", bootId: "b", lane: "update", oldestSequence: 1 } as const;
      const envelope = encodeUplinkEnvelope({ ...header, firstSequence: 1, records: [event] });
      await until(async () => {
        await gateway.client.publish(topics.up("gw-1", "update"), envelope, { qos: 1, retain: false });
        return (await collector.record.events({ limit: 1, offset: 0 })).items.length > 0;
      }, "it is stored");
      expect(losses).toEqual([]);
    });

    test("no gateway speaks for another, or hears it", async () => {
      const { connectAs } = await beginEnrolled(tlsHost);
      const [one, two] = [await connectAs("gw-1"), await connectAs("gw-2")];
      const send = (client: MqttClient, topic: string): Promise<void> =>
        client.publish(topic, "{}", { qos: 1, retain: false });
      for (const topic of [
        topics.ack("gw-1"),
        topics.ack("gw-2"),
        topics.desired("gw-1"),
        topics.evidence("gw-1"),
        topics.evidence("gw-2"),
        topics.up("gw-1", "alert"),
        topics.status("gw-1"),
        topics.state("north-sea", "wt-1"),
        topics.alert("north-sea", "wt-1"),
        topics.deviceRx("gw-1", "mcu-1"),
        "aurora/v1/anything",
      ])
        await expect(send(two, topic), topic).rejects.toMatchObject({ code: "MQTT" });
      const heard: string[] = [];
      const listen = (filter: string): Promise<void> =>
        two.subscribe(filter, 1, (topic) => void heard.push(topic));
      await listen("#");
      await listen(topics.up("gw-1", "alert"));
      await send(one, topics.up("gw-1", "alert"));
      await send(one, topics.state("north-sea", "wt-1"));
      await send(two, topics.up("gw-2", "alert"));
      await send(two, topics.state("kelmarsh", "wt-1"));
      await new Promise((resolve) => setTimeout(resolve, 200));
      // What is said of its own site's turbines it may read: after its memory was lost.
      expect(heard).toEqual([topics.state("kelmarsh", "wt-1")]);
    });

    test("a reader hears the alerts and states of its site, whether its gateways are there, and says nothing", async () => {
      const { connectAs } = await beginEnrolled(tlsHost);
      const [one, two] = [await connectAs("gw-1"), await connectAs("gw-2")];
      const heard: Record<string, string[]> = { room: [], "room-kelmarsh": [] };
      for (const [id, topicsOf] of Object.entries(heard)) {
        const reader = await connectAs(id);
        for (const filter of ["aurora/v1/turbine/#", "aurora/v1/gateway/#", "aurora/v1/device/#"])
          await reader.subscribe(filter, 1, (topic) => void topicsOf.push(topic));
        for (const topic of [
          topics.alert("kelmarsh", "wt-1"),
          topics.ack("gw-2"),
          topics.up("gw-2", "alert"),
        ])
          await expect(
            reader.publish(topic, "{}", { qos: 1, retain: false }),
            `${id} ${topic}`,
          ).rejects.toMatchObject({ code: "MQTT" });
      }
      const sendOf = async (client: MqttClient, gateway: string, site: string): Promise<string[]> => {
        const open = [topics.alert(site, "wt-1"), topics.state(site, "wt-1"), topics.status(gateway)];
        for (const topic of [topics.up(gateway, "alert"), topics.deviceRx(gateway, "mcu-1"), ...open])
          await client.publish(topic, "{}", { qos: 1, retain: false });
        return open;
      };
      const far = await sendOf(one, "gw-1", "north-sea");
      const near = await sendOf(two, "gw-2", "kelmarsh");
      const isLast = (id: string): boolean => heard[id]!.includes(near.at(-1)!);
      await until(() => isLast("room") && isLast("room-kelmarsh"), "the last of them");
      expect(heard).toEqual({ room: [...far, ...near], "room-kelmarsh": near });
    });

    test("the status of a gateway that was revoked says that it is offline, whether a collector runs then or later", async () => {
      const around = await beginEnrolled(tlsHost);
      const start = () => startEnrolledCollector(around, tlsHost !== null);
      const said = new Map<string, boolean>();
      const reader = await around.connectAs("room");
      await reader.subscribe("aurora/v1/gateway/+/status", 1, (_topic, payload) => {
        const status = JSON.parse(Buffer.from(payload).toString()) as { gateway: string; online: boolean };
        said.set(status.gateway, status.online);
      });
      for (const id of ["gw-1", "gw-2"]) {
        const client = await around.connectAs(id);
        const online = JSON.stringify({ gateway: id, online: true, time: new Date().toISOString() });
        await client.publish(topics.status(id), online, { qos: 1, retain: true });
      }
      const strike = async (id: string): Promise<void> => {
        await revokeGateway(around.enrolled.dir, id);
        around.broker.reload();
      };
      const collector = await start();
      onTestFinished(() => collector.close());
      await until(async () => (await collector.record.gateways()).length === 2, "both are known");
      await strike("gw-1");
      await until(() => said.get("gw-1") === false, "gw-1 is said to be offline");
      await until(
        async () => (await collector.record.gateways()).some((one) => one.online === false),
        "the record knows it",
      );
      expect(said.get("gw-2")).toBe(true);
      await collector.close();
      await strike("gw-2");
      const later = await start();
      onTestFinished(() => later.close());
      await until(() => said.get("gw-2") === false, "gw-2 is said to be offline");
      // Also for a reader who comes afterwards.
      const kept: string[] = [];
      const near = await around.connectAs("room-kelmarsh");
      await near.subscribe("aurora/v1/gateway/+/status", 1, (_topic, payload, retained) => {
        if (retained) kept.push(Buffer.from(payload).toString());
      });
      await until(() => kept.length > 0, "the retained status of its site's gateway");
      expect(kept.map((text) => JSON.parse(text) as object)).toMatchObject([
        { gateway: "gw-2", online: false },
      ]);
    });

    if (tlsHost !== null) {
      test("a certificate that was renewed under its id is the same user's", async () => {
        const { enrolled, connect, connectAs } = await beginEnrolled(tlsHost);
        const issued = await issueForSite({
          dir: enrolled.dir,
          name: "gw-2",
          use: "client",
          days: 1,
          nowMs: Date.now(),
        });
        const renewed = connect("renewed", await readBrokerLogin(loginOf(issued.dir, "gw-2", true)));
        await until(() => renewed.connected, "the renewed one is connected");
        const heard: string[] = [];
        const reader = await connectAs("room");
        await reader.subscribe("aurora/v1/turbine/#", 1, (topic) => void heard.push(topic));
        const send = (topic: string) => renewed.publish(topic, "{}", { qos: 1, retain: false });
        await expect(send(topics.state("north-sea", "wt-1"))).rejects.toMatchObject({ code: "MQTT" });
        await send(topics.state("kelmarsh", "wt-1"));
        await until(() => heard.length > 0, "its topic is its own");
      });
    }

    test("whoever has nothing of the enrolment does not come in", async () => {
      const { enrolled, connect } = await beginEnrolled(tlsHost);
      const reasons: string[] = [];
      const logger = {
        ...silentLogger,
        warn: (_message: string, fields?: Readonly<Record<string, unknown>>) =>
          void reasons.push(String(fields?.reason)),
      };
      const strangers = [
        connect("nobody", tlsHost === null ? { logger } : { logger, tls: { ca: readCa(enrolled) } }),
      ];
      if (tlsHost === null) strangers.push(connect("guess", { logger, username: "gw-1", password: "guess" }));
      else
        strangers.push(
          connect("other", { logger, tls: { ca: readCa(enrolled), ...(await otherCertificate()) } }),
        );
      await until(() => reasons.length >= 2, "both were turned away");
      expect(strangers.map(({ connected }) => connected)).toEqual([false, false]);
    });
  },
);

function readCa({ brokerDir }: EnrolResult): string {
  return readFileSync(join(brokerDir, "ca.pem"), "utf8");
}

/** For gw-1, by the authority of somebody else's enrolment. */
async function otherCertificate(): Promise<{ cert: string; key: string }> {
  const dir = createTemporaryFolder();
  const gateways = [{ id: "gw-1", site: null, devices: [], readTopics: [] }];
  await enrolGateways({ dir, gateways, base: null, tlsHost: "localhost", days: 1, nowMs: Date.now() });
  const read = (name: string): string => readFileSync(join(dir, "gateways", "gw-1", name), "utf8");
  return { cert: read("cert.pem"), key: read("key.pem") };
}
