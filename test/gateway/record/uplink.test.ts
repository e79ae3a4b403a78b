import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { createTopics, type Lane } from "../../../src/core/contract/topics.ts";
import type { AlertRecord, EventRecord, UplinkAck } from "../../../src/core/contract/uplink-record.ts";
import { createRandom, type Random } from "../../../src/core/maths/random.ts";
import { createMqttError } from "../../../src/core/platform/mqtt/mqtt-exchanges.ts";
import { packetTooLarge } from "../../../src/core/platform/mqtt/mqtt5-packets.ts";
import { encodeUplinkAck } from "../../../src/core/wire/uplink-ack.ts";
import { type LanePolicies, lanePolicies } from "../../../src/gateway/record/lane-policy.ts";
import { createOutbox, type Outbox } from "../../../src/gateway/record/outbox.ts";
import { openStoreFile, type StoreFile } from "../../../src/gateway/record/store-file.ts";
import { createUplink, type Uplink, type UplinkTransport } from "../../../src/gateway/record/uplink.ts";
import { type CollectorModel, createCollectorModel } from "../../support/collector-model.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const topics = createTopics("aurora/v1");
const event = (name: string): EventRecord => ({ kind: "event", timeMs: 1, name, subject: "s", detail: "d" });
const alert = (id: string): AlertRecord => ({ kind: "alert", id, json: "{}" });

/** A transport in memory whose network is turned on and off and loses what the dice say. */
interface Network extends UplinkTransport {
  connect(): void;
  disconnect(): void;
  readonly published: { readonly topic: string; readonly bytes: number }[];
  /** Acknowledges by hand. */
  deliverAck(ack: UplinkAck): void;
}

interface NetworkOptions {
  readonly collector: CollectorModel;
  readonly clock: ManualClock;
  readonly loss?: number;
  readonly random?: Random;
  /** Acknowledgements are made by hand. */
  readonly mute?: boolean;
  /** Of a message that the broker takes; and whether it says so before, or only refuses what is larger. */
  readonly most?: { readonly bytes: number; readonly isStated: boolean };
}

function createNetwork(options: NetworkOptions): Network {
  const { collector, clock } = options;
  const lost = (): boolean => (options.random?.uniform() ?? 1) < (options.loss ?? 0);
  const callbacks = new Set<() => void>();
  const published: { topic: string; bytes: number }[] = [];
  let connected = false;
  let handler: (topic: string, payload: Uint8Array) => void = () => {};
  const deliverAck = (ack: UplinkAck): void => handler(topics.ack("gw"), encodeUplinkAck(ack));
  return {
    largestPacketBytes: options.most?.isStated === true ? options.most.bytes : null,
    get connected() {
      return connected;
    },
    async publish(topic, payload) {
      if (!connected) throw new Error("not connected");
      published.push({ topic, bytes: payload.length });
      if (payload.length > (options.most?.bytes ?? Number.POSITIVE_INFINITY)) {
        const cause = Object.assign(new Error("too large"), { code: packetTooLarge });
        throw createMqttError("broker", "refused", cause);
      }
      if (lost()) return;
      const copy = payload.slice();
      const delayMs = (options.random?.uniform() ?? 0) * 50;
      clock.after(delayMs, () => {
        const ack = collector.take(copy);
        if (ack === null || lost() || options.mute === true) return;
        clock.after(10, () => connected && deliverAck(ack));
      });
    },
    async subscribe(_filter, _qos, given) {
      handler = given;
    },
    onConnect(callback) {
      callbacks.add(callback);
      if (connected) callback();
      return () => void callbacks.delete(callback);
    },
    connect() {
      connected = true;
      for (const callback of callbacks) callback();
    },
    disconnect() {
      connected = false;
    },
    published,
    deliverAck,
  };
}

interface Rig {
  readonly clock: ManualClock;
  readonly file: StoreFile;
  readonly outbox: Outbox;
  readonly network: Network;
  readonly collector: CollectorModel;
  readonly uplink: Uplink;
}

function open(options: Partial<NetworkOptions> & { path?: string; policies?: LanePolicies } = {}): Rig {
  const clock = options.clock ?? createManualClock();
  const collector = options.collector ?? createCollectorModel();
  const file = openStoreFile({ path: options.path ?? join(createTemporaryFolder(), "store.db") });
  onTestFinished(() => file.close());
  const outbox = createOutbox({ file, clock, timers: clock });
  const network = createNetwork({ ...options, clock, collector });
  const uplink = createUplink({
    gateway: "gw",
    outbox,
    transport: network,
    topics,
    clock,
    timers: clock,
    random: () => 0.5,
    ...(options.policies === undefined ? {} : { policies: options.policies }),
  });
  return { clock, file, outbox, network, collector, uplink };
}

const lanesOf = (network: Network): (string | undefined)[] =>
  network.published.map(({ topic }) => topic.split("/").at(-1));

describe("the uplink", () => {
  test("sends what was committed, and the outbox forgets it when the collector says stored", () => {
    const { clock, outbox, network, collector } = open();
    network.connect();
    outbox.append(event("a"));
    outbox.append(event("b"));
    clock.advance(2000);
    expect(collector.stored.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(network.published).toHaveLength(1);
    expect(outbox.counts().records).toBe(0);
    clock.advance(3_600_000);
    expect(network.published).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  test("asks for acknowledgements before it sends, also where there is a connection already", () => {
    const { clock, outbox, network, uplink } = open();
    uplink.close();
    outbox.append(alert("x"));
    network.connect();
    const order: string[] = [];
    const transport: UplinkTransport = {
      largestPacketBytes: null,
      get connected() {
        return network.connected;
      },
      publish: (topic, payload, how) => {
        order.push(topic);
        return network.publish(topic, payload, how);
      },
      subscribe: (filter, qos, handler) => {
        order.push(filter);
        return network.subscribe(filter, qos, handler);
      },
      onConnect: network.onConnect,
    };
    createUplink({ gateway: "gw", outbox, transport, topics, clock, timers: clock });
    expect(order).toEqual([topics.ack("gw"), topics.up("gw", "alert")]);
  });

  test("sends alerts at once and before everything else that waits", () => {
    const { clock, outbox, network } = open();
    outbox.append(event("a"));
    outbox.flush();
    outbox.append(alert("x"));
    network.connect();
    expect(lanesOf(network)).toEqual(["alert"]);
    clock.advance(1000);
    outbox.append(alert("y"));
    expect(lanesOf(network)).toEqual(["alert", "update", "alert"]);
  });

  test("sends in the order of the policies that it is given", () => {
    const policies: LanePolicies = {
      ...lanePolicies,
      alert: { ...lanePolicies.alert, priority: 2 },
      update: { ...lanePolicies.update, priority: 1 },
    };
    const { clock, outbox, network } = open({ policies });
    outbox.append(alert("x"));
    outbox.append(event("a"));
    outbox.flush();
    clock.advance(1000);
    network.connect();
    expect(lanesOf(network)).toEqual(["update", "alert"]);
  });

  test("keeps a bounded window under way", () => {
    const { outbox, network } = open({ mute: true });
    network.connect();
    for (let index = 0; index < 20; index++) outbox.append(alert(`${index}`));
    expect(network.published).toHaveLength(4);
  });

  test.each([
    ["states how large a message may be", true, 0],
    // 8 KiB pass, 16 KiB do not: each lane finds out at once, and none again.
    ["refuses what is larger than it takes", false, 8],
  ])("gets a backlog through a broker that %s without one timeout", async (_how, isStated, mostRefused) => {
    const most = { bytes: 12_000, isStated };
    const { clock, outbox, network, uplink } = open({ most });
    const text = "x".repeat(800);
    for (let index = 0; index < 500; index++) {
      outbox.append({ kind: "alert", id: `${index}`, json: JSON.stringify({ text }) });
      outbox.append({ ...event(`${index}`), detail: text });
    }
    outbox.flush();
    network.connect();
    for (let step = 0; step < 600; step++) {
      clock.advance(100);
      await setImmediate();
    }
    expect(outbox.counts().records).toBe(0);
    expect(uplink.counts().timeouts).toBe(0);
    const refused = network.published.filter(({ bytes }) => bytes > most.bytes);
    expect(refused.length).toBeLessThanOrEqual(mostRefused);
    expect(network.published.length).toBeGreaterThan((1_000 * 800) / most.bytes);
  });

  test("leaves a record that is too large by itself to its timeouts, and does not storm the broker with it", async () => {
    const { clock, outbox, network, uplink } = open({ most: { bytes: 2_000, isStated: false } });
    network.connect();
    outbox.append({ kind: "alert", id: "x", json: JSON.stringify({ text: "x".repeat(3_000) }) });
    for (let step = 0; step < 600; step++) {
      clock.advance(100);
      await setImmediate();
    }
    expect(network.published.length).toBeLessThan(8);
    expect(uplink.counts().timeouts).toBeGreaterThan(1);
  });

  test("sends again after a timeout, waiting longer each time, and stops when acknowledged", () => {
    const { clock, outbox, network, uplink } = open({ mute: true });
    network.connect();
    outbox.append(alert("x"));
    const times: number[] = [];
    let seen = 0;
    for (let second = 0; second < 600; second++) {
      if (network.published.length > seen) {
        seen = network.published.length;
        times.push(second);
      }
      clock.advance(1000);
    }
    const waits = times.slice(1).map((time, index) => time - times[index]!);
    expect(waits.length).toBeGreaterThan(4);
    expect(waits.length).toBeLessThan(12);
    expect(waits.every((wait, index) => index === 0 || wait >= waits[index - 1]! - 1)).toBe(true);
    expect(uplink.counts().timeouts).toBeGreaterThan(3);
    network.deliverAck({ bootId: outbox.bootId!, lane: "alert", sequence: 1 });
    clock.advance(3_600_000);
    expect(network.published).toHaveLength(seen);
  });

  test("does nothing without a connection, and everything unacknowledged goes again after the next one", () => {
    const { clock, outbox, network, collector } = open({ mute: true });
    outbox.append(alert("x"));
    clock.advance(3_600_000);
    expect(network.published).toHaveLength(0);
    expect(clock.pendingTimers).toBe(0);
    network.connect();
    network.disconnect();
    network.connect();
    clock.advance(100);
    expect(network.published).toHaveLength(2);
    expect(collector.stored).toHaveLength(1);
  });

  test("passes over acknowledgements of another life and bytes that are none", () => {
    const { clock, outbox, network, uplink } = open({ mute: true });
    network.connect();
    outbox.append(alert("x"));
    network.deliverAck({ bootId: "other", lane: "alert", sequence: 1 });
    clock.advance(200);
    expect(outbox.counts().records).toBe(1);
    expect(uplink.counts()).toMatchObject({ acksIgnored: 1, acksReceived: 0 });
  });

  test("goes on after the outbox began a new life", () => {
    const { clock, outbox, network, collector } = open();
    network.connect();
    outbox.append(alert("x"));
    clock.advance(1000);
    const { bootId } = outbox;
    network.deliverAck({ bootId: bootId!, lane: "alert", sequence: 1000 });
    outbox.append(alert("y"));
    clock.advance(5000);
    expect(outbox.bootId).not.toBe(bootId);
    expect(outbox.counts().records).toBe(0);
    const ids = collector.stored.map(({ record }) => record.kind === "alert" && record.id);
    expect(ids).toContain("y");
  });

  test("a collector that lost its database does not make the gateway wait for ever", () => {
    const path = join(createTemporaryFolder(), "store.db");
    const first = open({ path });
    first.network.connect();
    first.outbox.append(alert("stored and forgotten"));
    first.clock.advance(1000);
    first.outbox.close();
    first.uplink.close();
    first.file.close();
    const second = open({ path, collector: createCollectorModel() });
    second.network.connect();
    second.outbox.append(alert("new"));
    second.clock.advance(1000);
    expect(second.collector.stored).toMatchObject([{ sequence: 2, record: { id: "new" } }]);
    expect(second.outbox.counts().records).toBe(0);
  });

  test("every record arrives exactly once and in order under losses, disconnections and restarts", () => {
    const folder = createTemporaryFolder();
    let runs = 0;
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 40 }), (seed, lossPercent) => {
        runs += 1;
        const random = createRandom(seed);
        const clock = createManualClock();
        const collector = createCollectorModel();
        const path = join(folder, `${runs}.db`);
        const settings = { path, clock, collector, random, loss: lossPercent / 100 };
        let rig = openPlain(settings);
        const expected: Record<"alert" | "update", number> = { alert: 0, update: 0 };
        const steps = 60;
        for (let step = 0; step < steps; step++) {
          const dice = random.uniform();
          if (dice < 0.5) {
            const lane = random.uniform() < 0.3 ? "alert" : "update";
            expected[lane] += 1;
            rig.outbox.append(lane === "alert" ? alert(`${expected.alert}`) : event(`${expected.update}`));
          } else if (dice < 0.6) rig.network.connect();
          else if (dice < 0.68) rig.network.disconnect();
          else if (dice < 0.73) {
            closePlain(rig);
            rig = openPlain(settings);
          } else clock.advance(random.uniform() * 5000);
        }
        rig.network.connect();
        clock.advance(3_600_000);
        const counts = rig.outbox.counts();
        closePlain(rig);
        expect(counts.records).toBe(0);
        for (const lane of ["alert", "update"] as const) {
          const names = namesOf(collector, lane);
          expect(names).toEqual(Array.from({ length: expected[lane] }, (_, index) => `${index + 1}`));
        }
      }),
      { numRuns: 60 },
    );
  });
});

type PlainRig = Omit<Rig, "collector" | "clock">;

function openPlain(settings: NetworkOptions & { readonly path: string }): PlainRig {
  const { clock } = settings;
  const file = openStoreFile({ path: settings.path, survives: "crash" });
  const outbox = createOutbox({ file, clock, timers: clock });
  const network = createNetwork(settings);
  const uplink = createUplink({ gateway: "gw", outbox, transport: network, topics, clock, timers: clock });
  return { file, outbox, network, uplink };
}

function closePlain(rig: PlainRig): void {
  rig.uplink.close();
  rig.outbox.close();
  rig.file.close();
}

function namesOf(collector: CollectorModel, lane: Lane): string[] {
  return collector.stored.flatMap((stored) => {
    if (stored.lane !== lane) return [];
    const { record } = stored;
    return record.kind === "alert" ? [record.id] : record.kind === "event" ? [record.name] : [];
  });
}
