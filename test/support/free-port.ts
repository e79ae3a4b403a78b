import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below what a system gives to `listen(0)` and to outgoing connections (Linux from 32,768 on, others higher). */
const firstPort = 20_000;
const ports = 6_000;

/**
 * A port on loopback that nobody listens on and that is this process's alone until it ends, for servers that cannot
 * choose one themselves: another process which looks for one finds the port's guard, so many ports above.
 */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < ports; attempt++) {
    const port = firstPort + randomInt(ports);
    if ((await canListen(port + ports, "for good")) && (await canListen(port, "once"))) return port;
  }
  throw new Error(`no port from ${firstPort} to ${firstPort + ports - 1} is free`);
}

function canListen(port: number, how: "once" | "for good"): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      if (how === "once") server.close(() => resolve(true));
      else {
        server.unref();
        resolve(true);
      }
    });
  });
}
