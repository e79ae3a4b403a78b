import fc from "fast-check";
import { expect, test } from "vitest";
import { createFramedLink } from "../../../firmware-bridge/framing/framed-link.ts";
import { createRandom, type Random } from "../../../src/core/maths/random.ts";
import { createDevice, listen, sendRaw } from "../conversation.ts";
import { createMemoryTransportPair } from "../memory-transport.ts";

/** A line that now and then flips a bit, loses, repeats or invents some bytes. */
function createNoise(random: Random, ratePerByte: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const out: number[] = [];
    for (let at = 0; at < bytes.length; at++) {
      if (random.uniform() >= ratePerByte) {
        out.push(bytes[at]!);
        continue;
      }
      switch (random.integer(4)) {
        case 0:
          out.push(bytes[at]! ^ (1 << random.integer(8)));
          break;
        case 1:
          at += random.integer(40);
          break;
        case 2:
          out.push(...bytes.subarray(at, at + random.integer(300)));
          at--;
          break;
        default:
          for (let count = random.integer(20); count >= 0; count--) out.push(random.integer(256));
      }
    }
    return Uint8Array.from(out);
  };
}

test("over a noisy line nothing wrong is ever delivered, and the conversation goes on", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.constantFrom(1e-4, 1e-3, 3e-3), async (seed, ratePerByte) => {
      const random = createRandom(seed);
      let isQuiet = false;
      const noise = createNoise(random, ratePerByte);
      const [gatewayEnd, deviceEnd] = createMemoryTransportPair({
        disturb: (bytes) => (isQuiet ? Uint8Array.from(bytes) : noise(bytes)),
      });
      const limits = { ackTimeoutMs: 20, helloBackoff: { firstMs: 2, maxMs: 5 }, maxInFlightFrames: 32 };
      const device = createDevice(createFramedLink(deviceEnd), { limits });
      const heard = listen(createFramedLink(gatewayEnd), {
        limits: { ackAfterMs: 5, helloBackoff: limits.helloBackoff },
      });
      await heard.session.open();
      await device.open();
      const counts = Int16Array.from({ length: 60_000 }, () => random.integer(65_536) - 32_768);
      await sendRaw(device, counts, { size: 300, shaftRpm: 1500 });
      isQuiet = true;
      await device.drained();
      // Once the line is quiet again, what is sent arrives.
      while (!device.send({ type: "reading", channel: 1, timestampUs: 0, value: 42 })) await device.ready();
      while (heard.values.at(-1) !== 42) {
        if (heard.session.state !== "established") await device.ready();
        while (!device.send({ type: "reading", channel: 1, timestampUs: 0, value: 42 })) await device.ready();
        await new Promise((resolve) => setImmediate(resolve));
      }
      const received = heard.samples.get(0) ?? new Map<number, number>();
      for (const [index, value] of received)
        if (counts[index] !== value) expect.fail(`sample ${index} is wrong`);
      for (const hello of heard.hellos) expect(hello.deviceId).toBe("device-1");
      const { badFrames, discardedBytes, lostFrames } = heard.session.statistics;
      if (received.size < counts.length) expect(lostFrames + badFrames).toBeGreaterThan(0);
      if (badFrames > 0) expect(discardedBytes).toBeGreaterThan(0);
      expect(received.size).toBeGreaterThan(0);
      await device.close();
      await heard.session.close();
    }),
    { numRuns: 20 },
  );
});
