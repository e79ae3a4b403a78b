/** A TCP link that remembers all that a client sent over it, and can be cut. */
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { listeningPort } from "./listening-port.ts";

export interface WatchedLink {
  readonly port: number;
  /** All that was sent to the target, a connection an entry, in order. */
  readonly sent: readonly (readonly Uint8Array[])[];
  readonly sentBytes: number;
  /** Cuts what is connected now, as a power cut of a modem does. */
  cut(): void;
}

/** Opens a link to a port on loopback for the length of a test, that carries so many bytes a second to it; itself at any free port or at this one. */
export async function openWatchedLink(
  targetPort: number,
  bytesPerSecond: number = Number.POSITIVE_INFINITY,
  port = 0,
): Promise<WatchedLink> {
  const sent: Uint8Array[][] = [];
  const sockets = new Set<Socket>();
  let sentBytes = 0;
  const server = createServer((client) => {
    const target = connect(targetPort, "127.0.0.1");
    const pieces: Uint8Array[] = [];
    sent.push(pieces);
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket);
      // Whatever ends one side ends the other.
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    target.pipe(client);
    client.on("data", (piece: Buffer) => {
      target.write(piece);
      client.pause();
      setTimeout(() => client.resume(), (1000 * piece.length) / bytesPerSecond);
      pieces.push(piece);
      sentBytes += piece.length;
    });
  });
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    port: listeningPort(server),
    sent,
    get sentBytes() {
      return sentBytes;
    },
    cut,
  };
}
