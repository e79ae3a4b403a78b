import { createServer } from "node:net";
import { listeningPort } from "./listening-port.ts";

/** A port that was free a moment ago, on loopback; for servers that cannot choose one themselves. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const port = listeningPort(server);
      server.close(() => resolve(port));
    });
  });
}
