/** Listens on a port, or waits until the program that has it is gone: a page that nobody can read is no reason not to watch turbines. */
import type { Server } from "node:net";
import { AuroraError, hasErrorCode, systemCodeOf } from "../../core/contract/aurora-error.ts";
import { createBackoff } from "../../core/platform/backoff.ts";
import { systemTimers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { adviseOfPort } from "../../core/platform/port-advice.ts";

/** Resolves when it listens. @throws AuroraError CONFIG_INVALID */
export async function listenOn(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: Error): void => {
      server.off("listening", take);
      reject(
        new AuroraError("CONFIG_INVALID", `cannot listen on ${host}:${port}: ${cause.message}`, {
          op: "start HTTP server",
          subject: `${host}:${port}`,
          hint: adviseOfPort(cause, "gateway.httpPort"),
          cause,
        }),
      );
    };
    const take = (): void => {
      server.off("error", refuse);
      resolve();
    };
    server.once("error", refuse);
    server.once("listening", take);
    server.listen(port, host);
  });
}

/** Does another program listen there? */
export function isPortTaken(error: unknown): error is AuroraError {
  return hasErrorCode(error) && systemCodeOf(error.cause) === "EADDRINUSE";
}

export interface PortWait {
  /** No longer waits. */
  close(): Promise<void>;
}

interface PortWaitOptions {
  readonly logger: Logger;
  /** Upper bounds of the first and any wait; default 1 s and 1 min. */
  readonly retry?: { readonly firstMs: number; readonly maxMs: number };
}

/** Says that `error` kept `open` from it, and calls it again until it does not. */
export function waitForPort(
  open: () => Promise<void>,
  error: AuroraError,
  { logger, retry }: PortWaitOptions,
): PortWait {
  const address = error.subject;
  logger.error(
    "another program has the gateway's port: no status and no orders until it is free; trying again",
    {
      address,
      hint: "End the other program, or give the gateway another port under gateway.httpPort and restart it.",
    },
  );
  const backoff = createBackoff(retry);
  let opening: Promise<void> = Promise.resolve();
  let closed = false;
  let cancel = (): void => {};
  const tryLater = (): void => {
    if (closed) return;
    cancel = systemTimers.after(backoff.nextMs(), () => {
      opening = open().then(
        () => logger.info("the gateway's port is free and taken", { address }),
        (again: unknown) => {
          if (!isPortTaken(again))
            logger.error("the gateway's port cannot be used", { address, error: again });
          tryLater();
        },
      );
    });
  };
  tryLater();
  return {
    close: async () => {
      closed = true;
      cancel();
      await opening;
    },
  };
}
