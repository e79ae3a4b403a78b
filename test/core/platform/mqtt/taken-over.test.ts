import { type AddressInfo, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { type Logger, silentLogger } from "../../../../src/core/platform/logger.ts";
import { createIntakeClient } from "../../../../src/core/platform/mqtt/intake-client.ts";
import { createMqttClient } from "../../../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { until } from "../../../support/until.ts";

const takenOverHint = "Another process connects with this client id.";
const openers: Record<string, (url: string, logger: Logger) => MqttClient> = {
  createMqttClient: (url, logger) =>
    createMqttClient({ url, clientId: "c", version: 5, takenOverHint, logger }),
  createIntakeClient: (url, logger) =>
    createIntakeClient({
      url,
      clientId: "c",
      maxPacketBytes: 1_000,
      sessionExpirySeconds: 60,
      receiveMaximum: 10,
      onMessage: () => {},
      onLoss: () => {},
      takenOverHint,
      logger,
    }),
};

test.each([
  ["createMqttClient", 0x8e, "taken-over"],
  ["createMqttClient", 0x8b, "closed"],
  ["createIntakeClient", 0x8e, "taken-over"],
  ["createIntakeClient", 0x8b, "closed"],
])("%s: a connection that a broker ends with reason %i was %s", async (opener, code, reason) => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      // CONNACK: no session, success, no properties. Then DISCONNECT with a reason (MQTT 5 sections 3.2 and 3.14).
      socket.write(Uint8Array.of(0x20, 3, 0, 0, 0));
      setTimeout(() => socket.end(Uint8Array.of(0xe0, 2, code, 0)), 30);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const hints: unknown[] = [];
  const client = openers[opener]!(url, {
    ...silentLogger,
    warn: (_message, fields) => void hints.push(fields?.hint),
  });
  onTestFinished(() => client.close());
  const losses: string[] = [];
  client.onDisconnect((loss) => losses.push(loss.reason));
  await until(() => losses.length > 0, "the connection is ended");
  expect(losses).toEqual([reason]);
  await until(() => hints.length > 0, "it is logged");
  expect(hints).toEqual([code === 0x8e ? takenOverHint : undefined]);
});
