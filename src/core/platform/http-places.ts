/**
 * Bounds the connections of an HTTP server, shared so that whoever asks gets an answer: when all places are taken, a
 * connection that has not said what it wants makes room. Answers nothing, and cuts no request that is being answered.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How many connections there were that got no place, or lost theirs. */
export interface HttpPlaces {
  readonly evicted: number;
  readonly refused: number;
}

/**
 * Gives the server's connections `max` places. When all are taken, a new one gets that of the connection that has kept the
 * server waiting for the longest time: for its headers, for the rest of a body, or for its next request. Where all are
 * being answered it is refused.
 */
export function boundHttpConnections(server: Server, max: number): HttpPlaces {
  const taken = new Set<Socket>();
  /** For what these say the server waits, the longest first. */
  const awaited = new Set<Socket>();
  const counts = { evicted: 0, refused: 0 };

  const leave = (socket: Socket): void => {
    taken.delete(socket);
    awaited.delete(socket);
  };
  server.on("connection", (socket: Socket) => {
    if (taken.size >= max) {
      const [longest] = awaited;
      if (longest === undefined) {
        counts.refused += 1;
        socket.destroy();
        return;
      }
      counts.evicted += 1;
      leave(longest);
      longest.destroy();
    }
    taken.add(socket);
    awaited.add(socket);
    socket.once("close", () => leave(socket));
  });
  server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket, headers } = request;
    const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
    awaited.delete(socket);
    const waitAgain = (): void => {
      if (taken.has(socket)) awaited.add(socket);
    };
    if (hasBody) {
      waitAgain();
      request.once("end", () => awaited.delete(socket));
    }
    response.once("close", waitAgain);
  });
  return counts;
}
