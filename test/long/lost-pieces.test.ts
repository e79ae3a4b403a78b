/** Brokers that take nothing large, half a minute each. */
import { describe, expect, onTestFinished, test } from "vitest";
import { expectSmallerPieces, openWay } from "../gateway/evidence/lossy-way.ts";
import { hasMosquitto, startMosquitto } from "../support/mosquitto.ts";
import { until } from "../support/until.ts";

describe.skipIf(!hasMosquitto)("a broker that does not take what is large (mosquitto)", () => {
  // Of MQTT 5 it is told what is dropped, of 3.1.1 it is not.
  test.each([
    ["ends the connection", ["max_packet_size 12000"], 4],
    ["drops it without a word", ["message_size_limit 12000"], 4],
    ["drops it and says so", ["message_size_limit 12000"], 5],
    ["says so before", ["max_packet_size 12000"], 5],
  ] as const)(
    "and %s is sent evidence in smaller pieces",
    (_how, limits, version) => expectSmallerPieces(limits, version),
    120_000,
  );

  test("and is too small for any piece has all evidence wait its turn, which is told, until it is mended", async () => {
    const way = await openWay(["message_size_limit 1700"], 4);
    const ids = [await way.add(20_000), await way.add(20_001)];
    await until(() => way.held.length === 2, "each is put off", 120_000);
    expect(way.held).toEqual(ids);
    expect(way.sender.held).toBe(2);
    await until(() => way.outbox.counts().lanes.raw.records === 0, "the lane is free");
    expect(ids.every(way.spool.has)).toBe(true);
    const { lostPieces } = way.sender;

    await way.broker.kill();
    const mended = await startMosquitto(way.broker.port);
    onTestFinished(() => mended.close());
    way.pass(3_500_000);
    const before = way.events();
    await until(() => way.events() > before + 10, "a while goes by");
    expect(way.sender.lostPieces).toBe(lostPieces);
    expect(await way.list()).toEqual([]);
    way.pass(200_000);
    await until(async () => (await way.list()).length === 2, "both are stored", 60_000);
    expect(way.sender.held).toBe(0);
    expect(way.held).toEqual(ids);
  }, 240_000);
});
