/**
 * A gateway's links with one device whose every packet a test makes, in a time that passes as fast as the machine computes:
 * the real session, data contract, windows and levels, over topics that lie in memory.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { MqttPort } from "../../firmware-bridge/framing/mqtt-link.ts";
import { encodeMessage, packetTypeOf } from "../../firmware-bridge/messages/message-codec.ts";
import { headerBytes, packetFlags, packetTypes, versionAndType } from "../../firmware-bridge/protocol.ts";
import type { DeviceSession } from "../../firmware-bridge/session/device-session.ts";
import type { Manifest } from "../../src/core/contract/bundle/manifest.ts";
import type { DeviceMessage, HelloMessage } from "../../src/core/contract/device/device-message.ts";
import type { Quarantine, SampleBlock } from "../../src/core/contract/stream.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { createWaveformExtractor } from "../../src/core/features/waveform-extractor.ts";
import { createWaveformIngest } from "../../src/core/ingest/waveform-ingest.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { type LogFields, type Logger, silentLogger } from "../../src/core/platform/logger.ts";
import { accelerometerScale } from "../../src/core/simulate/bearing-sensor.ts";
import { createRevolutionWindower } from "../../src/core/window/revolution-windower.ts";
import { openDeviceLinks } from "../../src/gateway/devices/device-links.ts";
import type { DeviceWatch } from "../../src/gateway/devices/device-watch.ts";
import { type ModelStanding, unknownModel } from "../../src/gateway/diagnosis/device-facts.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";

const shipped = join(import.meta.dirname, "../../models/bearing-vibration/1.0.0/manifest.json");
const { baseline, window }: Manifest = JSON.parse(readFileSync(shipped, "utf8"));
const id = "mcu-1";
const bearing = { bpfo: 3.05, bpfi: 4.95, bsf: 1.99, ftf: 0.38 };
const packetMs = 40;

/** What is unusual about a stream; left out: nothing. */
export interface Sloppiness {
  /** The device's clock at this moment of the world. */
  readonly clock?: (worldMs: number) => number;
  /** What its converter really does, Hz. */
  readonly rateHz?: number;
  /** Fills the samples of a packet; default: noise of 0.15 g. */
  readonly fill?: (counts: Int16Array) => void;
  readonly shaftRpm?: number;
  /** What becomes of packet `index` on its way; default: it arrives. */
  readonly carry?: (packet: Buffer, index: number, arrive: (packet: Buffer) => void) => void;
  /** How late a packet is, ms; packets keep their order. */
  readonly delayMs?: (index: number) => number;
}

/** The device and its gateway. */
export interface SloppyRig {
  readonly clock: ManualClock;
  readonly watch: DeviceWatch;
  /** What the link has counted. */
  readonly totals: DeviceSession["statistics"];
  /** Codes and sentences of what holds now. */
  readonly said: readonly string[];
  /** What was logged of diagnoses, with `over` before those that ended. */
  readonly logged: readonly string[];
  /** Time stamps of the newest block that reached the pipeline, less the world's time, ms. */
  readonly lastAgeMs: number;
  /** A boot: another session number, counters from 0. */
  boot(changes?: Partial<HelloMessage>): void;
  /** Its hello once more, in the same session. */
  helloAgain(): void;
  /** What it says to a configuration from now on; at first "ack". */
  answer(how: "ack" | "nack" | "nothing"): void;
  send(message: DeviceMessage): void;
  /** From now on this is known beside it. */
  tell(told: Partial<ModelStanding>): void;
  stream(seconds: number, sloppiness?: Sloppiness): void;
  /** Time passes without a packet. */
  wait(seconds: number): void;
  /** The broker, and with it the contact, goes or comes. */
  connect(isUp: boolean): void;
  /** The contact alone. */
  line(isUp: boolean): void;
}

/** Opens the links; the device has not said anything. @param listens windows are cut, and their levels computed */
export async function openSloppyRig(
  listens: "deaf" | "listens" = "deaf",
  broker: "up" | "down" = "up",
): Promise<SloppyRig> {
  const clock = createManualClock();
  const random = createRandom(5);
  const drawn = random.fork("samples");
  const noise = Int16Array.from({ length: 1 << 16 }, () => random.normal() * 300);
  const port = createPort(broker === "up");
  const logged: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (message, fields) => logged.push(describeLine(message, fields)),
    info: (_message, fields) => {
      if (fields?.was !== undefined) logged.push(`over: ${String(fields.was)}`);
    },
    child: () => logger,
  };
  let lastBlockMs = Number.NaN;
  const pipeline = createPipeline((quarantine) => watch.setAside(quarantine, clock.monotonicMs()));
  const links = await openDeviceLinks({
    devices: [
      {
        id,
        connect: "mqtt",
        baud: 921_600,
        mode: "raw",
        keyFile: null,
        alarmRawSamples: 0,
        alertCaptureSeconds: 0,
      },
    ],
    logger,
    gatewayId: "gw-1",
    runtimeVersion: "0.1.0",
    topics: createTopics("aurora/v1"),
    mqtt: port.mqtt,
    clock,
    timers: clock,
    random,
    bearingOf: () => bearing,
    channelsOf: () => ["accel-de"],
    operation: { standbyBelowRpm: 300, dataTimeoutSeconds: 60 },
    onDiagnosis: () => {},
    pipeline: {
      announce: () => {},
      accept: (block) => {
        lastBlockMs = block.timestampMs + (block.counts.length * 1000) / block.sampleRateHz - clock.nowMs();
        const onLevels = (levels: Float32Array, rpm: number): void =>
          watch.window(levels, baseline!.reference, rpm);
        pipeline.accept(block, listens === "listens" ? onLevels : null);
      },
      acceptDeviceReading: () => {},
      acceptScore: () => {},
    },
    captures: { accept: () => false, contact: () => {}, lost: () => {} },
    recordings: { accept: () => {} },
    pushes: { contact: () => {}, lost: () => {}, status: () => {}, runs: () => null },
  });
  onTestFinished(() => links.close());
  const { watch, session } = links.sessions[0]!;
  let hello: HelloMessage = {
    type: "hello",
    protocolMajor: 1,
    protocolMinor: 1,
    deviceId: id,
    firmware: "by hand",
    sessionId: 0,
    channels: [{ name: "accel-de", unit: "g", sampleRateHz: 12_000, scale: accelerometerScale }],
  };
  let sequence = 0;
  let position = 0;
  let packets = 0;
  let sinceTickMs = 0;
  const unanswered: number[] = [];
  let answer: "ack" | "nack" | "nothing" = "ack";
  let model = unknownModel;

  const wrap = (message: DeviceMessage): Buffer => {
    const flags = message.type === "hello" ? packetFlags.acknowledge : packetFlags.session;
    const payload = new Uint8Array(8_192);
    const length = encodeMessage(message, payload);
    const packet = Buffer.alloc(headerBytes + length + (message.type === "hello" ? 0 : 4));
    packet[0] = versionAndType(hello.protocolMajor, packetTypeOf(message.type));
    packet[1] = flags;
    const isAnswer = message.type === "ack" || message.type === "nack";
    packet.writeUInt16LE(isAnswer ? 0 : sequence++ & 0xffff, 2);
    packet.set(payload.subarray(0, length), headerBytes);
    if (message.type !== "hello") packet.writeUInt32LE(hello.sessionId, headerBytes + length);
    return packet;
  };
  const pass = (ms: number): void => {
    clock.advance(ms);
    for (const sequence of unanswered.splice(0)) {
      if (answer === "ack") port.arrive(wrap({ type: "ack", sequence }));
      else if (answer === "nack")
        port.arrive(wrap({ type: "nack", sequence, reason: "mode raw is not known" }));
    }
    sinceTickMs += ms;
    for (; sinceTickMs >= 1000; sinceTickMs -= 1000) watch.tick(session.statistics, null, model);
  };
  // Not within the call that sends it: an answer takes its time.
  port.onConfig = (configSequence) => unanswered.push(configSequence);

  return {
    clock,
    watch,
    get totals() {
      return session.statistics;
    },
    get said() {
      return watch.diagnoses.map(({ code, text }) => `${code}: ${text}`);
    },
    logged,
    get lastAgeMs() {
      return lastBlockMs;
    },
    boot: (changes = {}) => {
      hello = { ...hello, sessionId: random.integer(2 ** 31) + 1, ...changes };
      sequence = 0;
      position = 0;
      port.arrive(wrap(hello));
    },
    helloAgain: () => port.arrive(wrap(hello)),
    answer: (how) => {
      answer = how;
    },
    tell: (told) => {
      model = { ...unknownModel, ...told };
    },
    send: (message) => port.arrive(wrap(message)),
    stream: (seconds, sloppiness = {}) => {
      const { rateHz = 12_000, shaftRpm = 1_500 } = sloppiness;
      const {
        clock: clockOf,
        fill,
        delayMs,
        carry = (packet, _index, arrive) => arrive(packet),
      } = sloppiness;
      const waiting: { packet: Buffer; dueMs: number }[] = [];
      let owed = 0;
      const ends = (seconds * 1000) / packetMs;
      for (let index = 0; index < ends; index++) {
        pass(packetMs);
        owed += (rateHz * packetMs) / 1000;
        const samples = Math.floor(owed);
        owed -= samples;
        // What was measured never comes again, neither later nor after a boot.
        const from = drawn.integer(noise.length - samples);
        const counts = noise.subarray(from, from + samples).slice();
        fill?.(counts);
        const beganMs = clock.nowMs() - (samples * 1000) / rateHz;
        const timestampUs = clockOf === undefined ? beganMs * 1000 : clockOf(beganMs) * 1000;
        const packet = wrap({
          type: "raw-window",
          channel: 0,
          firstSample: position,
          timestampUs: Math.max(0, Math.round(timestampUs)),
          shaftRpm,
          counts,
        });
        position += samples;
        const delay = delayMs?.(packets++) ?? 0;
        waiting.push({ packet, dueMs: clock.monotonicMs() + delay });
        while (waiting[0] !== undefined && waiting[0].dueMs <= clock.monotonicMs())
          carry(waiting.shift()!.packet, index, port.arrive);
      }
      for (const { packet } of waiting) port.arrive(packet);
    },
    wait: (seconds) => {
      for (let left = seconds; left > 0; left--) pass(Math.min(1, left) * 1000);
    },
    connect: port.connect,
    line: port.line,
  };
}

function describeLine(message: string, fields: LogFields | undefined): string {
  return fields?.hint === undefined ? message : `${message} | ${String(fields.hint)}`;
}

/** The gateway's end of two topics. */
function createPort(isUpAtFirst: boolean) {
  let handler: ((topic: string, payload: Uint8Array, retain: boolean) => void) | undefined;
  let onConnect = (): void => {};
  let onLoss = (_loss: { readonly detail: string }): void => {};
  let isUp = isUpAtFirst;
  const mqtt: MqttPort = {
    publish: async (_topic, payload) => {
      if ((payload[0]! & 31) === packetTypes.config) port.onConfig(payload[2]! | (payload[3]! << 8));
    },
    subscribe: async (_topic, _qos, given) => {
      handler = given;
    },
    get connected() {
      return isUp;
    },
    onConnect: (callback) => {
      onConnect = callback;
      return () => {};
    },
    onDisconnect: (callback) => {
      onLoss = callback;
      return () => {};
    },
  };
  const port = {
    mqtt,
    onConfig: (_sequence: number): void => {},
    arrive: (packet: Buffer): void => handler?.("", packet, false),
    connect: (up: boolean): void => {
      isUp = up;
      port.line(up);
    },
    line: (up: boolean): void => (up ? onConnect() : onLoss({ detail: "the line broke" })),
  };
  return port;
}

/** Data contract, windows and levels of the shipped bundle. */
function createPipeline(setAside: (quarantine: Quarantine) => void) {
  const ingest = createWaveformIngest({
    contractOf: (_device, channel) =>
      channel === "accel-de"
        ? {
            name: "vibration",
            unit: "g",
            min: -50,
            max: 50,
            minRateHz: 10_000,
            maxRateHz: 52_000,
            kind: "waveform",
            missing: "quarantine",
            stuckAfter: 256,
          }
        : undefined,
    sink: { quarantine: setAside, schemaDrift: () => {} },
  });
  const extractor = createWaveformExtractor(baseline!.levels);
  let onLevels: (levels: Float32Array, shaftRpm: number) => void = () => {};
  const levels = new Float32Array(baseline!.levels.list.length);
  const windower = createRevolutionWindower(window, {
    begin: (_slot, start) => extractor.begin({ ...start, bearing }),
    push: (_slot, run) => extractor.push(run),
    end: (_slot, { shaftRpm }) => {
      extractor.finish(levels, 0);
      onLevels(levels, shaftRpm);
    },
    abandon: () => {},
    refuse: () => {},
  });
  return {
    accept: (block: SampleBlock, callback: typeof onLevels | null): void => {
      const isGood = ingest.accept(block);
      if (callback === null || !isGood || block.shaftRpm < 300) return;
      onLevels = callback;
      windower.accept(block);
    },
  };
}
