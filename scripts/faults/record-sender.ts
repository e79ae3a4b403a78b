/**
 * The part of a gateway that keeps and sends, in a process of its own: store, outbox, journal of alerts and uplink, and
 * nothing that measures. Appends numbered records when its parent says so, and says what it has appended.
 */

import { createTopics } from "../../src/core/contract/topics.ts";
import { type Clock, systemClock, systemTimers } from "../../src/core/platform/clock.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { decodeUplinkAck } from "../../src/core/wire/uplink-ack.ts";
import { openLossMark } from "../../src/gateway/record/loss-mark.ts";
import { createOutbox } from "../../src/gateway/record/outbox.ts";
import { createStateStore } from "../../src/gateway/record/state-store.ts";
import { openStoreFile } from "../../src/gateway/record/store-file.ts";
import { createUplink, type UplinkTransport } from "../../src/gateway/record/uplink.ts";
import { appendBacklog } from "./sender-backlog.ts";
import { createAlertJournal } from "./sender-journal.ts";
import type { SenderOrder, SenderPlan, SenderWord } from "./sender-process.ts";
import { numberedAlert, numberedBatch, numberedEvent } from "./sender-records.ts";

const plan = JSON.parse(process.argv[2]!) as SenderPlan;
const tell = (word: SenderWord): void => void process.send?.(word);

/** The backlog is written by a clock of its own. */
let virtualMs: number | null = null;
const clock: Clock = { ...systemClock, nowMs: () => virtualMs ?? systemClock.nowMs() };
/** As a gateway's by default. */
const reserveBytes = 4 * 1024 * 1024;
const file = openStoreFile({
  path: plan.path,
  reserveBytes,
  ...(plan.maxFileBytes === undefined ? {} : { maxFileBytes: plan.maxFileBytes }),
});
const mark = openLossMark(`${plan.path}.mark`);
const outbox = createOutbox({ file, mark, clock, timers: systemTimers });
const journal = createAlertJournal(createStateStore(file), outbox);

let bytesReceived = 0;
const alertTimes: number[] = [];
const alertDelaysMs: number[] = [];
/** Of each alert of this run: bytes that were under way before it or went out before it did. */
const bytesAheadOfAlerts: number[] = [];
const alertTopic = createTopics("aurora/v1").up(plan.name, "alert");
/** Of everything but alerts: published so far, and not acknowledged by the broker. */
const others = { bytesPublished: 0, bytesUnderWay: 0 };
/** As they were when an alert was appended. */
const othersAtAppend: { readonly bytesPublished: number; readonly bytesUnderWay: number }[] = [];
/** Sequence of the first alert of this run. */
let firstAlert = 0;
const client = createMqttClient({
  url: plan.url,
  clientId: plan.name,
  keepaliveSeconds: plan.keepaliveSeconds,
});
const transport: UplinkTransport = {
  get connected() {
    return client.connected;
  },
  get largestPacketBytes() {
    return client.largestPacketBytes;
  },
  publish(topic, payload, options) {
    const published = client.publish(topic, payload, options);
    if (topic === alertTopic)
      for (const at of othersAtAppend.splice(0))
        bytesAheadOfAlerts.push(at.bytesUnderWay + others.bytesPublished - at.bytesPublished);
    else {
      others.bytesPublished += payload.length;
      others.bytesUnderWay += payload.length;
      const land = (): void => {
        others.bytesUnderWay -= payload.length;
      };
      published.then(land, land);
    }
    return published;
  },
  subscribe: (filter, qos, handler) =>
    client.subscribe(filter, qos, (topic, payload) => {
      bytesReceived += payload.length;
      const ack = decodeUplinkAck(payload);
      if (ack.ok && ack.value.lane === "alert" && ack.value.bootId === outbox.bootId) {
        while (
          firstAlert + alertDelaysMs.length <= ack.value.sequence &&
          alertDelaysMs.length < alertTimes.length
        )
          alertDelaysMs.push(performance.now() - alertTimes[alertDelaysMs.length]!);
      }
      handler(topic, payload);
    }),
  onConnect: (callback) => client.onConnect(callback),
};
const uplink = createUplink({
  gateway: plan.name,
  outbox,
  unwritten: outbox.unwritten,
  transport,
  topics: createTopics("aurora/v1"),
  clock: systemClock,
  timers: systemTimers,
});

const append: Record<"alerts" | "batches" | "events", (number: number) => void> = {
  alerts: (number) => {
    alertTimes.push(performance.now());
    othersAtAppend.push({ ...others });
    journal.take(numberedAlert(plan, number));
    const { lanes } = outbox.counts();
    const newest = outbox.peek("alert", { maxRecords: 1 });
    if (alertTimes.length === 1 && newest !== null)
      firstAlert = newest.oldestSequence + lanes.alert.records - 1;
  },
  batches: (number) => outbox.append(numberedBatch(plan, number)),
  events: (number) => outbox.append(numberedEvent(plan, number)),
};

process.on("message", (order: SenderOrder) => {
  switch (order.kind) {
    case "append":
      for (let number = order.from; number < order.from + order.count; number++) append[order.what](number);
      tell({ kind: "done" });
      return;
    case "backlog": {
      appendBacklog({ outbox, identity: plan, order, setClock: (ms) => (virtualMs = ms) });
      virtualMs = null;
      tell({ kind: "done" });
      return;
    }
    case "flush":
      outbox.flush();
      uplink.hurry();
      tell({ kind: "done" });
      return;
    case "ask": {
      const { records, pendingRecords, trouble, lanes } = outbox.counts();
      const { bytesSent, recordsSent, timeouts } = uplink.counts();
      tell({
        kind: "state",
        records,
        pendingRecords,
        trouble,
        alerts: lanes.alert.records,
        bodyBytes: Object.values(lanes).reduce((sum, { bytes }) => sum + bytes, 0),
        bytesSent,
        recordsSent,
        timeouts,
        bytesReceived,
        alertDelaysMs,
        bytesAheadOfAlerts,
        connected: client.connected,
        rssBytes: process.memoryUsage.rss(),
      });
      return;
    }
    case "stop":
      outbox.close();
      mark.close();
      file.close();
      process.exit(0);
  }
});
process.on("disconnect", () => process.exit(0));
tell({ kind: "ready" });
