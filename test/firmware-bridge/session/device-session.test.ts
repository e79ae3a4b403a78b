import { afterEach, expect, test } from "vitest";
import { createFramedLink } from "../../../firmware-bridge/framing/framed-link.ts";
import { createReconnectingTransport } from "../../../firmware-bridge/transports/reconnecting-transport.ts";
import {
  createTcpListenerTransport,
  createTcpTransport,
} from "../../../firmware-bridge/transports/tcp-transport.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { systemTimers, type Timers } from "../../../src/core/platform/clock.ts";
import { createDevice, listen, sendRaw } from "../conversation.ts";
import { createMemoryTransportPair } from "../memory-transport.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test("a device over tcp introduces itself and its samples arrive as they were sent", async () => {
  const listener = createTcpListenerTransport("127.0.0.1", 0);
  const device = createDevice(createFramedLink(listener));
  closers.push(device.close);
  await device.open();
  const transport = createReconnectingTransport(createTcpTransport("127.0.0.1", listener.port), {
    timers: systemTimers,
    random: createRandom(3),
  });
  const heard = listen(createFramedLink(transport));
  closers.push(() => heard.session.close());
  await heard.session.open();
  const counts = Int16Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 65_536);
  await sendRaw(device, counts, { size: 496, channel: 1, shaftRpm: 1500 });
  await device.drained();
  expect(device.ackTimeouts).toBe(0);
  const received = heard.samples.get(1)!;
  expect(received.size).toBe(counts.length);
  for (const [index, value] of received) if (counts[index] !== value) expect.fail(`sample ${index}`);
  expect(heard.hellos).toHaveLength(1);
  expect(heard.session.statistics).toMatchObject({
    badFrames: 0,
    discardedBytes: 0,
    lostFrames: 0,
    duplicates: 0,
  });
});

test("a device in the same process introduces itself", async () => {
  const [gatewayEnd, deviceEnd] = createMemoryTransportPair();
  const device = createDevice(createFramedLink(deviceEnd));
  const heard = listen(createFramedLink(gatewayEnd));
  closers.push(device.close, () => heard.session.close());
  await heard.session.open();
  await device.open();
  await device.ready();
  expect(heard.hellos[0]).toMatchObject({ deviceId: "device-1", sessionId: 0x1234_5678 });
  expect(device.send({ type: "reading", channel: 0, timestampUs: 0, value: 0.1 })).toBe(true);
  await heard.until(() => heard.values.length === 1);
  expect(heard.values).toEqual([0.1]);
});

test("a session of which no connection has come about says so", async () => {
  const [gatewayEnd] = createMemoryTransportPair();
  const told: string[] = [];
  const onState = (state: string, reason: string) => void told.push(`${state}: ${reason}`);
  const heard = listen(createFramedLink(gatewayEnd), { onState });
  closers.push(() => heard.session.close());
  await heard.session.open();
  expect(told[0]).toBe("connecting: no connection has been made yet");
});

test("a session that was closed watches for nobody, whoever lets it go on afterwards", async () => {
  const [one, other] = createMemoryTransportPair();
  const device = createDevice(createFramedLink(one));
  closers.push(device.close);
  await device.open();
  let running = 0;
  const timers: Timers = {
    after: (ms, callback) => {
      running++;
      let isOver = false;
      const end = (): void => {
        if (!isOver) running--;
        isOver = true;
      };
      const cancel = systemTimers.after(ms, () => {
        end();
        callback();
      });
      return () => {
        end();
        cancel();
      };
    },
  };
  const heard = listen(createFramedLink(other), { timers });
  await heard.session.open();
  await heard.reaches("established");
  heard.session.hold();
  heard.session.pause();
  await heard.session.close();
  heard.session.letGo();
  heard.session.resume();
  expect(running).toBe(0);
});
