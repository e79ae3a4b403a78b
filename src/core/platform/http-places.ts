/**
 * Bounds the connections of an HTTP server, shared so that whoever asks gets an answer: when all places are taken, a
 * connection that has not said what it wants makes room. Answers nothing, and cuts no request that is being answered but
 * where its reader lets too much wait.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How many connections there were that got no place, or lost theirs. */
export interface HttpPlaces {
  readonly evicted: number;
  readonly refused: number;
  /** Connections that were cut because too much waited for their readers. */
  readonly unread: number;
}

/** Bytes of answers that may wait for slow readers, all connections together. */
const maxUnreadBytes = 128 * 1024 * 1024;

/**
 * Gives the server's connections `max` places. When all are taken, a new one gets that of the connection that has kept the
 * server waiting for the longest time: for its headers, for the rest of a body, or for its next request. Where all are
 * being answered it is refused. Of those that do not read what was answered, the one with the most is cut when it becomes
 * too much for all together.
 * @param maxUnread bytes that may wait for readers; default 128 MiB
 */
export function boundHttpConnections(
  server: Server,
  max: number,
  maxUnread: number = maxUnreadBytes,
): HttpPlaces {
  const taken = new Set<Socket>();
  /** For what these say the server waits, the longest first. */
  const awaited = new Set<Socket>();
  const counts = { evicted: 0, refused: 0, unread: 0 };

  const leave = (socket: Socket): void => {
    taken.delete(socket);
    awaited.delete(socket);
  };
  const cutUnread = (): void => {
    const unread = [...taken].filter(({ writableLength }) => writableLength > 0);
    let bytes = unread.reduce((sum, { writableLength }) => sum + writableLength, 0);
    if (bytes <= maxUnread) return;
    unread.sort((a, b) => b.writableLength - a.writableLength);
    for (const socket of unread) {
      if (bytes <= maxUnread) return;
      bytes -= socket.writableLength;
      counts.unread += 1;
      leave(socket);
      socket.destroy();
    }
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
    // All of the answer is given to the socket; what the reader has not taken waits.
    response.once("prefinish", cutUnread);
  });
  return counts;
}
