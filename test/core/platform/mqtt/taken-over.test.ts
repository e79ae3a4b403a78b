import { type AddressInfo, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createMqttClient } from "../../../../src/core/platform/mqtt/mqtt-client.ts";
import { until } from "../../../support/until.ts";

test.each([
  [0x8e, "taken-over"],
  [0x8b, "closed"],
])("a connection that a broker ends with reason %i was %s", async (code, reason) => {
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
  const client = createMqttClient({ url, clientId: "c", version: 5 });
  onTestFinished(() => client.close());
  const losses: string[] = [];
  client.onDisconnect((loss) => losses.push(loss.reason));
  await until(() => losses.length > 0, "the connection is ended");
  expect(losses).toEqual([reason]);
});
