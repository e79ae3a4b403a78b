/** Connections that begin to say something and never end. */
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** Opens so many to this address, one after the other, and says `text` on each; resolves when all were taken or refused. */
export async function openHalf(url: string, count: number, text = "GET / HT"): Promise<readonly Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let index = 0; index < count; index++) {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => {}).resume();
    sockets.push(socket);
    await new Promise<void>((resolve) => {
      socket.once("connect", () => socket.write(text, () => resolve()));
      socket.once("close", () => resolve());
    });
  }
  return sockets;
}
