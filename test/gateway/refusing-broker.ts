import { createServer } from "node:net";
import { onTestFinished } from "vitest";
import { createEmbeddedBroker } from "../../src/core/platform/mqtt/embedded-broker.ts";

/** Ends the connection with a PUBLISH to a topic that is refused, as a broker of MQTT 3.1.1 can but do; resolves with all topics that come. */
export async function startClosingBroker(
  port: number,
  isRefused: (topic: string) => boolean,
): Promise<readonly string[]> {
  const asked: string[] = [];
  const broker = await createEmbeddedBroker({
    port,
    authenticate: () => true,
    authorisePublish: (_client, topic) => {
      asked.push(topic);
      return !isRefused(topic);
    },
    authoriseSubscribe: () => true,
  });
  onTestFinished(() => broker.close());
  return asked;
}

/**
 * Answers a PUBLISH to a topic that is refused with "not authorised" (MQTT 5 section 3.4.2.1), and keeps the connection. Says
 * that it takes no packet of more than 3,840 bytes (section 3.2.2.3.6).
 */
export async function startRefusingBroker(
  port: number,
  isRefused: (topic: string) => boolean,
): Promise<void> {
  const server = createServer((socket) => {
    onTestFinished(() => void socket.destroy());
    let bytes: Buffer = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (;;) {
        const [type, low = 0x80, high = 0x80] = bytes;
        const head = low < 0x80 ? 2 : 3;
        const end = head + (low < 0x80 ? low : (low & 0x7f) + 0x80 * high);
        if (type === undefined || bytes.length < end) return;
        if (type === 0x10) socket.write(Uint8Array.of(0x20, 8, 0, 0, 5, 0x27, 0, 0, 0x0f, 0));
        if (type >> 4 === 3) {
          const topicEnd = head + 2 + bytes.readUInt16BE(head);
          const answer = isRefused(bytes.toString("utf8", head + 2, topicEnd)) ? 0x87 : 0;
          socket.write(Uint8Array.of(0x40, 3, bytes[topicEnd]!, bytes[topicEnd + 1]!, answer));
        }
        bytes = bytes.subarray(end);
      }
    });
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
}
