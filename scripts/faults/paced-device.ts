/**
 * A device that streams a prepared signal over TCP and knows of each piece whether its gateway has acknowledged it. What
 * falls into a time without a gateway is lost, as at a converter that does not wait; at speed Infinity nothing but the piece
 * under way is.
 */
import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createFramedLink } from "../../firmware-bridge/framing/framed-link.ts";
import { createDeviceEndpoint } from "../../firmware-bridge/session/device-endpoint.ts";
import { createTcpListenerTransport } from "../../firmware-bridge/transports/tcp-transport.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import type { FaultSignal } from "./fault-signal.ts";

/** A stretch of the device's time, epoch ms. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A piece of the signal that a gateway acknowledged as a whole. */
export interface AcknowledgedPiece extends TimeSpan {
  /** The gateway's run that did. */
  readonly run: number;
  /** In that run something after it was left out or not taken, as where the machine is too slow: its window is set aside. */
  isCutOff?: boolean;
}

export interface PacedDevice {
  /** `tcp://…`, for a gateway's configuration. */
  readonly address: string;
  /** In order. */
  readonly acknowledged: readonly AcknowledgedPiece[];
  /** Stops streaming; what is under way is waited for. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

export interface PacedDeviceOptions {
  readonly id: string;
  readonly signal: FaultSignal;
  /** Simulated seconds a second; Infinity: each piece follows when the one before it is acknowledged. */
  readonly speed: number;
  /** Its clock at the first contact, epoch ms. */
  readonly startMs: number;
  /** Which run of the gateway it is; null while none runs. */
  readonly findRun: () => number | null;
}

const samplesPerPacket = 480;
/** Of the device's own time. */
const pieceSeconds = 2;
/** A busy machine's gateway acknowledges late; one that says nothing at all ends the session before (`silenceMs`). */
const ackTimeoutMs = 60_000;

/** Opens the device's port; it streams from the first contact on. */
export async function startPacedDevice(options: PacedDeviceOptions): Promise<PacedDevice> {
  const { signal, speed } = options;
  const { sampleRateHz } = signal.channel;
  const transport = createTcpListenerTransport("127.0.0.1", 0);
  let interruptions = 0;
  const endpoint = createDeviceEndpoint({
    link: createFramedLink(transport),
    deviceId: options.id,
    firmware: "a prepared signal",
    channels: [signal.channel],
    random: createRandom(randomInt(2 ** 31)),
    sessionId: randomInt(1, 2 ** 31),
    limits: { ackTimeoutMs },
    onState: () => {
      interruptions += 1;
    },
  });
  await endpoint.open();
  const acknowledged: AcknowledgedPiece[] = [];
  let startedMs = Number.NaN;
  let isOver = false;

  const timeOf = (position: number): number => options.startMs + (position / sampleRateHz) * 1000;
  const due = (): number => Math.floor((((performance.now() - startedMs) * speed) / 1000) * sampleRateHz);
  const counts = new Int16Array(samplesPerPacket);

  /** Sends one piece; true when the gateway has acknowledged all of it. */
  const sendPiece = async (from: number, samples: number): Promise<boolean> => {
    const before = [interruptions, endpoint.ackTimeouts];
    for (let position = from; position < from + samples; position += samplesPerPacket) {
      while (!endpoint.isReady) {
        if (isOver || before[0] !== interruptions) return false;
        await delay(2);
      }
      const shaftRpm = signal.read(position, counts);
      const timestampUs = Math.round(timeOf(position) * 1000);
      endpoint.send({ type: "raw-window", channel: 0, firstSample: position, timestampUs, shaftRpm, counts });
    }
    while (endpoint.inFlightFrames > 0 && before[0] === interruptions) await delay(2);
    return before[0] === interruptions && before[1] === endpoint.ackTimeouts;
  };

  const noteCutOff = (): void => {
    const last = acknowledged.at(-1);
    if (last !== undefined && last.run === options.findRun()) last.isCutOff = true;
  };
  const untilReady = async (): Promise<void> => {
    while (!isOver && !endpoint.isReady) await delay(2);
  };
  const run = async (): Promise<void> => {
    const pieceSamples = pieceSeconds * sampleRateHz;
    let position = 0;
    // A gateway that is slow to start would otherwise meet a clock that has run away from its own.
    await untilReady();
    startedMs = performance.now();
    while (!isOver) {
      const late = speed === Number.POSITIVE_INFINITY ? 0 : due() - position - pieceSamples;
      if (late < 0) {
        await delay(Math.max(2, ((-late / sampleRateHz) * 1000) / speed));
        continue;
      }
      if (!endpoint.isReady) {
        await untilReady();
        continue;
      }
      // What is over when there is a gateway again was heard by nobody.
      if (late > 2 * pieceSamples) {
        position += Math.floor(late / pieceSamples) * pieceSamples;
        noteCutOff();
      }
      const run = options.findRun();
      const isTaken = await sendPiece(position, pieceSamples);
      if (!isTaken) noteCutOff();
      else if (run !== null)
        acknowledged.push({ fromMs: timeOf(position), toMs: timeOf(position + pieceSamples), run });
      position += pieceSamples;
    }
  };
  const running = run();
  return {
    address: transport.name,
    acknowledged,
    finish: async () => {
      isOver = true;
      await running;
    },
    close: async () => {
      isOver = true;
      // Ends what is under way, which a gateway that holds back would never acknowledge.
      await endpoint.close();
      await running;
    },
  };
}
