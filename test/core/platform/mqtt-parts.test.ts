import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import fc from "fast-check";
import mqttPacket from "mqtt-packet";
import { describe, expect, test } from "vitest";
import { createBackoff } from "../../../src/core/platform/backoff.ts";
import { createMqttPacketGuard } from "../../../src/core/platform/mqtt/mqtt-packet-guard.ts";
import { filterCovers, filtersMeet, topicMatches } from "../../../src/core/platform/mqtt/mqtt-topic.ts";

describe("the packet guard", () => {
  test("lets packets within the bound pass however they are cut into chunks, and stops the first above it", () => {
    const sizes = fc.array(fc.nat(3000), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        sizes,
        fc.integer({ min: 20, max: 3000 }),
        fc.integer({ min: 1, max: 700 }),
        (bodies, max, cut) => {
          const packets = bodies.map((size) =>
            mqttPacket.generate({
              cmd: "publish",
              topic: "t",
              payload: Buffer.alloc(size),
              qos: 0,
              retain: false,
              dup: false,
            }),
          );
          const stream = Buffer.concat(packets);
          const guard = createMqttPacketGuard(max);
          let verdict = null;
          for (let at = 0; at < stream.length; at += cut)
            verdict = guard.inspect(stream.subarray(at, at + cut));
          const first = packets.find((packet) => packet.length > max);
          expect(verdict).toEqual(
            first === undefined ? null : { reason: "too-large", packetBytes: first.length, maxBytes: max },
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  test("speaks up at the header, before any of the body came", () => {
    const guard = createMqttPacketGuard(1000);
    expect(guard.inspect(Uint8Array.of(0x30, 0x80, 0x80, 0x80))).toBeNull();
    expect(guard.inspect(Uint8Array.of(0x32))).toMatchObject({
      reason: "too-large",
      packetBytes: 5 + 104_857_600,
    });
  });

  test("a length of five bytes is malformed", () => {
    const guard = createMqttPacketGuard(1000);
    expect(guard.inspect(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff))).toMatchObject({
      reason: "malformed-length",
    });
    expect(guard.inspect(Uint8Array.of(0xc0, 0))).toMatchObject({ reason: "malformed-length" });
  });
});

describe("topic filters", () => {
  test.each([
    // The examples of MQTT 5, sections 4.7.1.2, 4.7.1.3 and 4.7.2.
    ["sport/tennis/player1/#", "sport/tennis/player1", true],
    ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
    ["sport/#", "sport", true],
    ["#", "sport/tennis", true],
    ["sport/tennis/+", "sport/tennis/player1", true],
    ["sport/tennis/+", "sport/tennis/player1/ranking", false],
    ["sport/+", "sport", false],
    ["sport/+", "sport/", true],
    ["+/+", "/finance", true],
    ["/+", "/finance", true],
    ["+", "/finance", false],
    ["#", "$SYS/x", false],
    ["+/monitor/Clients", "$SYS/monitor/Clients", false],
    ["$SYS/#", "$SYS/x", true],
    ["$share/group/a/+", "a/b", true],
    ["a/b", "a/c", false],
  ])("%s and %s match: %s", (filter, topic, expected) => {
    expect(topicMatches(filter, topic)).toBe(expected);
  });

  describe("of two filters", () => {
    const level = fc.constantFrom("a", "b", "+");
    const filter = fc
      .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([levels, rest]) => [...levels, ...(rest ? ["#"] : [])].join("/"));
    const names = ["a", "b", "c"];
    const topics = names.flatMap((x) => [
      x,
      ...names.flatMap((y) => [
        `${x}/${y}`,
        ...names.flatMap((z) => [`${x}/${y}/${z}`, ...names.map((w) => `${x}/${y}/${z}/${w}`)]),
      ]),
    ]);

    test("one covers the other exactly when it matches all that the other can match", () => {
      fc.assert(
        fc.property(filter, filter, (outer, inner) => {
          const matched = topics.filter((topic) => topicMatches(inner, topic));
          const all = matched.every((topic) => topicMatches(outer, topic));
          if (filterCovers(outer, inner)) expect(all).toBe(true);
          else expect(all && !inner.includes("#") && matched.length > 0).toBe(false);
        }),
        { numRuns: 1000 },
      );
    });

    test("they meet exactly when a topic matches both", () => {
      fc.assert(
        fc.property(filter, filter, (one, other) => {
          const both = topics.some((topic) => topicMatches(one, topic) && topicMatches(other, topic));
          expect(filtersMeet(one, other)).toBe(both);
        }),
        { numRuns: 1000 },
      );
    });
  });
});

describe("the backoff", () => {
  test("doubles up to its bound, is never near zero, and starts again after a success", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (dice) => {
        const backoff = createBackoff({ firstMs: 100, maxMs: 1000, random: () => dice });
        const waits = Array.from({ length: 6 }, () => backoff.nextMs());
        for (const [index, wait] of waits.entries()) {
          const bound = Math.min(1000, 100 * 2 ** index);
          expect(wait).toBeGreaterThanOrEqual(bound / 2);
          expect(wait).toBeLessThanOrEqual(bound);
        }
        backoff.reset();
        expect(backoff.nextMs()).toBeLessThanOrEqual(100);
      }),
    );
  });
});

describe("the client's codec", () => {
  test("keeps no buffer for every number of two bytes, and is the one that the client writes with", () => {
    const require = createRequire(import.meta.url);
    const ofClient = createRequire(require.resolve("mqtt/package.json"));
    expect(ofClient.resolve("mqtt-packet")).toBe(require.resolve("mqtt-packet"));
    // A process of its own: whoever writes a packet before the client is loaded has the buffers made.
    const client = new URL("../../../src/core/platform/mqtt/mqtt-client.ts", import.meta.url).href;
    const script = `
      import { createRequire } from "node:module";
      await import(${JSON.stringify(client)});
      const codec = createRequire(${JSON.stringify(import.meta.url)});
      const { generate, writeToStream } = codec("mqtt-packet");
      generate({ cmd: "pingreq" });
      const buffers = Object.keys(codec("mqtt-packet/numbers").cache).length;
      console.log(JSON.stringify({ cacheNumbers: writeToStream.cacheNumbers, buffers }));
    `;
    const output = execFileSync(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "--eval", script],
      { encoding: "utf8" },
    );
    expect(JSON.parse(output)).toEqual({ cacheNumbers: false, buffers: 0 });
  });
});
