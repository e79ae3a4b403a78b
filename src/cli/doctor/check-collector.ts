/**
 * The way of a record to its end: one event that says it is a test goes the gateway's own way, in a lane of its own life, until
 * the collector says *stored*. Touches no number of the gateway's own records, and leaves that one event, under its name.
 */
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { createTopics } from "../../core/contract/topics.ts";
import { type EventRecord, laneOfKind, type UplinkAck } from "../../core/contract/uplink-record.ts";
import { readHexKey } from "../../core/platform/files/read-hex-key.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { isSealedAck } from "../../core/platform/seal-orders.ts";
import { encodeUplinkEnvelope } from "../../core/wire/envelope-codec.ts";
import { decodeUplinkAck } from "../../core/wire/uplink-ack.ts";
import { compareClock } from "./check-clock.ts";
import { bad, type CheckResult, good, warning } from "./check-result.ts";

/** Of all tests of a gateway: the collector keeps one watermark for them, however often it is asked. */
const testLife = "aurora-doctor";
const lane = laneOfKind.event;
const ackMs = 10_000;
const name = "collector";

export async function checkCollector(
  config: Pick<GatewayConfig, "gateway" | "mqtt" | "uplink">,
  client: MqttClient,
): Promise<readonly CheckResult[]> {
  const { id } = config.gateway;
  const topics = createTopics(config.mqtt.base);
  const { ackKeyFile } = config.uplink;
  const key = ackKeyFile === null ? null : await readHexKey(ackKeyFile);
  const answers = createAnswers();
  await client.subscribe(topics.ack(id), 1, (_topic, payload) => {
    const ack = decodeUplinkAck(payload);
    if (ack.ok && ack.value.bootId === testLife && ack.value.lane === lane) answers.take(ack.value);
  });
  const rights = "Give the broker the access list that `aurora fleet enrol` writes, for this gateway.id.";
  if (client.refusedFilters.has(topics.ack(id)))
    return [bad(name, `this login may not read ${topics.ack(id)}`, rights)];

  const send = async (sequence: number, records: readonly EventRecord[]): Promise<UplinkAck | null> => {
    const answer = answers.next();
    await client.publish(
      topics.up(id, lane),
      encodeUplinkEnvelope({
        gateway: id,
        bootId: testLife,
        lane,
        firstSequence: sequence,
        oldestSequence: 1,
        records,
      }),
      { qos: 1, retain: false },
    );
    return answer;
  };
  const startedMs = performance.now();
  try {
    // An envelope of nothing is answered with the number of the test before this one.
    const before = await send(1, []);
    const last = before === null ? null : await send(before.sequence + 1, [createTestRecord(id)]);
    const stored = last !== null && before !== null && last.sequence > before.sequence ? last : null;
    return describe(stored, { key, id, tookMs: performance.now() - startedMs, collector: config.mqtt.url });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [bad(name, `the broker does not take this gateway's records: ${detail}`, rights)];
  }
}

function createTestRecord(gateway: string): EventRecord {
  return {
    kind: "event",
    timeMs: Date.now(),
    name: "doctor.test",
    subject: gateway,
    detail: "a test of the way to the collector by `aurora doctor`: nothing happened",
  };
}

function describe(
  ack: UplinkAck | null,
  {
    key,
    id,
    tookMs,
    collector,
  }: {
    readonly key: Uint8Array | null;
    readonly id: string;
    readonly tookMs: number;
    readonly collector: string;
  },
): readonly CheckResult[] {
  if (ack === null) {
    const advice =
      "Check that the collector runs, uses this broker and this mqtt.base, that this gateway is enrolled at it, and that it can store (its `/-/ready` says so); its log says more.";
    return [bad(name, `no collector stored a test record within ${ackMs / 1000} s (${collector})`, advice)];
  }
  const results: CheckResult[] = [];
  if (key !== null && !isSealedAck(key, id, ack)) {
    const advice =
      "Compare uplink.ackKeyFile with the collector's mqtt.enrolmentKeyFile; or who else may write to this gateway's topic?";
    results.push(bad(name, "the answer is not sealed by this gateway's enrolment", advice));
  } else results.push(good(name, `a test record was stored within ${Math.round(tookMs)} ms`));
  if (key === null && ack.mac !== undefined) {
    const advice = "Name the key of this gateway's enrolment under uplink.ackKeyFile.";
    results.push(
      warning("acknowledgements", "they are sealed, and this gateway does not check them", advice),
    );
  }
  if (ack.timeMs !== undefined) results.push(compareClock("the collector", ack.timeMs, Date.now()));
  return results;
}

/** Waits for one answer at a time; null where none comes. */
function createAnswers(): { take(ack: UplinkAck): void; next(): Promise<UplinkAck | null> } {
  let resolveNext: (ack: UplinkAck | null) => void = () => {};
  return {
    take: (ack) => resolveNext(ack),
    next: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(null), ackMs);
        resolveNext = (ack) => {
          clearTimeout(timer);
          resolve(ack);
        };
      }),
  };
}
