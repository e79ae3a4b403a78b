/** What happens to lines, one thing a scenario: rates and rhythms of damage, drawn from a seed. */
import { createFrameEncoder, maxFrameBytesOnWire } from "../../firmware-bridge/framing/frame-encoder.ts";
import { encodeMessage, packetTypeOf } from "../../firmware-bridge/messages/message-codec.ts";
import type { Random } from "../../src/core/maths/random.ts";

/** What a scenario may do to both ends, beside damaging bytes. */
export interface HostileHands {
  unplug(): void;
  plug(): void;
  /** The device starts anew; what it was sending is cut off. */
  resetDevice(): void;
  /** The device neither reads nor writes. */
  stick(isStuck: boolean): void;
  /** Bytes appear at the gateway, or at the device. */
  inject(bytes: Uint8Array, direction: "to-gateway" | "to-device"): void;
}

/** One way to be hostile. */
export interface HostileScenario {
  readonly name: string;
  /** Changes what passes; called for pieces of up to 16 bytes. */
  damage?(bytes: Uint8Array, random: Random): Uint8Array;
  /** Acts at every 10 ms of the run. */
  act?(tick: number, hands: HostileHands, random: Random): void;
}

const flips = (rate: number): HostileScenario => ({
  name: `bit flips ${rate}`,
  damage: (bytes, random) =>
    bytes.map((byte) => {
      let damaged = byte;
      for (let bit = 0; bit < 8; bit++) if (random.uniform() < rate) damaged ^= 1 << bit;
      return damaged;
    }),
});

function eachByte(
  change: (byte: number, random: Random) => readonly number[],
): NonNullable<HostileScenario["damage"]> {
  return (bytes, random) => Uint8Array.from([...bytes].flatMap((byte) => change(byte, random)));
}

const rate = 0.001;
const secondTicks = 100;

function randomBytes(count: number, random: Random): Uint8Array {
  return Uint8Array.from({ length: count }, () => Math.floor(random.uniform() * 256));
}

/** Whole frames of anything, bound to no session: what a device with a broken program might send. */
function randomFrame(random: Random): Uint8Array {
  const encoder = createFrameEncoder();
  const out = new Uint8Array(maxFrameBytesOnWire);
  const sequence = Math.floor(random.uniform() * 65_536);
  if (random.uniform() < 0.02) {
    const hello = {
      type: "hello",
      protocolMajor: 1,
      protocolMinor: 1,
      deviceId: "device-1",
      firmware: "another",
      sessionId: 1 + Math.floor(random.uniform() * 2 ** 31),
      channels: [],
    } as const;
    const bytes = encodeMessage(hello, encoder.payload);
    return out.slice(0, encoder.encode(packetTypeOf("hello"), 0, sequence, bytes, out, 0));
  }
  if (random.uniform() < 0.3) {
    const reading = { type: "reading", channel: 1, timestampUs: 0, value: -1 } as const;
    const bytes = encodeMessage(reading, encoder.payload);
    return out.slice(0, encoder.encode(packetTypeOf("reading"), 0, sequence, bytes, out, 0));
  }
  const payload = randomBytes(Math.floor(random.uniform() * 100), random);
  encoder.payload.set(payload);
  const type = Math.floor(random.uniform() * 32);
  return out.slice(0, encoder.encode(type, random.uniform() < 0.5 ? 1 : 0, sequence, payload.length, out, 0));
}

/** All scenarios on a byte stream. */
export const hostileScenarios: readonly HostileScenario[] = [
  { name: "good line" },
  flips(1e-5),
  flips(1e-4),
  flips(1e-3),
  { name: "dropped bytes", damage: eachByte((byte, random) => (random.uniform() < rate ? [] : [byte])) },
  {
    name: "duplicated bytes",
    damage: eachByte((byte, random) => (random.uniform() < rate ? [byte, byte] : [byte])),
  },
  {
    name: "inserted bytes",
    damage: eachByte((byte, random) =>
      random.uniform() < rate ? [byte, Math.floor(random.uniform() * 256)] : [byte],
    ),
  },
  {
    name: "half frames",
    // Six pieces in a hundred are cut, so every second or third frame is.
    damage: (bytes, random) =>
      random.uniform() < 0.06 ? bytes.subarray(0, Math.floor(random.uniform() * bytes.length)) : bytes,
  },
  {
    name: "resets in mid-frame",
    act: (_tick, hands, random) => {
      if (random.uniform() < 0.002) hands.resetDevice();
    },
  },
  {
    name: "wrong baud noise",
    // One second in ten.
    act: (tick, hands, random) => {
      if (tick % (10 * secondTicks) >= secondTicks) return;
      hands.inject(randomBytes(115, random), "to-gateway");
      hands.inject(randomBytes(115, random), "to-device");
    },
  },
  {
    name: "stuck peer",
    // Fifteen seconds in every minute: longer than silence is borne.
    act: (tick, hands) => {
      if (tick % (60 * secondTicks) === 30 * secondTicks) hands.stick(true);
      if (tick % (60 * secondTicks) === 45 * secondTicks) hands.stick(false);
    },
  },
  {
    name: "flooding peer",
    // Two seconds in twenty: as many whole frames as ten lines carry.
    act: (tick, hands, random) => {
      if (tick % (20 * secondTicks) >= 2 * secondTicks) return;
      for (let frame = 0; frame < 12; frame++) hands.inject(randomFrame(random), "to-gateway");
      hands.inject(randomFrame(random), "to-device");
    },
  },
  {
    name: "unplugged in mid-frame and back",
    act: (tick, hands, random) => {
      if (random.uniform() < 0.002) hands.unplug();
      if (tick % 200 === 0) hands.plug();
    },
  },
];
