import { describe, expect, test } from "vitest";
import {
  type ConnectionLoss,
  chooseMqttVersion,
} from "../../../../src/core/platform/mqtt/broker-connection.ts";

const reasons: readonly ConnectionLoss["reason"][] = [
  "closed",
  "refused",
  "version",
  "packet-too-large",
  "silent",
];

describe("the version of MQTT after a loss", () => {
  test("is the one that was set, whatever happens", () => {
    for (const lossReason of reasons) {
      const last = { version: 5, wasConnected: false, lossReason } as const;
      expect(chooseMqttVersion(5, last)).toEqual({ version: 5, isFallback: false });
    }
  });

  test("falls back at once to 3.1.1 when the broker says so", () => {
    const last = { version: 5, wasConnected: false, lossReason: "version" } as const;
    expect(chooseMqttVersion("auto", last)).toEqual({ version: 4, isFallback: true });
  });

  test.each([
    ["stays what connected", 4, true, 4],
    ["stays what connected", 5, true, 5],
    ["is 5 again where 3.1.1 did not connect either", 4, false, 5],
    ["stays 5 while the broker is absent", 5, false, 5],
  ] as const)("%s (%i, connected: %s)", (_name, version, wasConnected, expected) => {
    const next = chooseMqttVersion("auto", { version, wasConnected, lossReason: "closed" });
    expect(next).toEqual({ version: expected, isFallback: false });
  });
});
