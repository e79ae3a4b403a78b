import { describe, test } from "vitest";
import { hasMosquitto } from "../../support/mosquitto.ts";
import { expectSmallerPieces } from "./lossy-way.ts";

describe.skipIf(!hasMosquitto)("a broker that does not take what is large (mosquitto)", () => {
  // Of MQTT 5 it is told what is dropped, of 3.1.1 it is not.
  test.each([
    ["drops it without a word", ["message_size_limit 12000"], 4],
    ["drops it and says so", ["message_size_limit 12000"], 5],
    ["says so before", ["max_packet_size 12000"], 5],
  ] as const)(
    "and %s is sent evidence in smaller pieces",
    (_how, limits, version) => expectSmallerPieces(limits, version),
    120_000,
  );
});
