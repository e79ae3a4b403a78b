import { createServer } from "node:net";
import { onTestFinished } from "vitest";

/** Answers a PUBLISH to a topic that is refused with "not authorised" (MQTT 5 section 3.4.2.1), and keeps the connection. */
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
        if (type === 0x10) socket.write(Uint8Array.of(0x20, 3, 0, 0, 0));
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
