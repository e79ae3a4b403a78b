import type { Server } from "node:net";

/** The port that a TCP or HTTP server listens on. */
export function listeningPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens on no port");
  return address.port;
}
