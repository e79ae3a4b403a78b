/** Waits until something listens. */
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** Resolves when `port` of this machine takes connections; `what` is to listen there. @throws Error after a minute */
export async function untilListening(port: number, what: string): Promise<void> {
  for (let attempt = 0; attempt < 6_000; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const connected = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (connected) return;
    await wait(10);
  }
  throw new Error(`${what} does not listen on ${port}`);
}
