import { expect, test } from "vitest";
import type { EvidenceRequest } from "../../../src/core/contract/evidence.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import type { MqttHandler } from "../../../src/core/platform/mqtt/mqtt-subscriptions.ts";
import { listenToOrders } from "../../../src/gateway/evidence/evidence-orders.ts";

test("whatever is written to the topic, it is counted and told once a kind; what the collector orders is heard between", async () => {
  const warned: string[] = [];
  const heard: EvidenceRequest[] = [];
  let handler: MqttHandler = () => {};
  const mqtt = {
    subscribe: (_filter: string, _qos: number, handle: MqttHandler): Promise<void> => {
      handler = handle;
      return Promise.resolve();
    },
  };
  const logger = { ...silentLogger, warn: (message: string) => void warned.push(message) };
  const counts = await listenToOrders(
    { mqtt, logger },
    {
      topic: "t",
      isAuthentic: (order) => order.type === "request" && order.turbine === "WT01",
      onReceipt: () => expect.fail("no receipt was sent"),
      onRequest: (request) => void heard.push(request),
    },
  );
  const send = (text: string | Uint8Array): void => handler("t", Buffer.from(text), true);
  const request = (turbine: string): string =>
    JSON.stringify({
      type: "request",
      id: "r1",
      gateway: "gw",
      turbine,
      component: "c",
      seconds: 2,
      askedMs: 1,
    });
  const junk = ["", "{}", "null", "[".repeat(4_000), "x".repeat(900_000), '{"__proto__":{"type":"request"}}'];
  for (const text of junk) send(text);
  send(Uint8Array.from({ length: 256 }, (_, index) => index));
  for (let n = 0; n < 3; n++) send(request("WT02"));
  send(request("WT01"));
  expect(counts()).toEqual({ notUnderstood: junk.length + 1, notOfCollector: 3 });
  expect(warned).toEqual([
    expect.stringMatching(/was not understood; further ones are counted/),
    expect.stringMatching(/not of the enrolment's collector; further ones are counted/),
  ]);
  expect(heard).toMatchObject([{ turbine: "WT01" }]);
});
