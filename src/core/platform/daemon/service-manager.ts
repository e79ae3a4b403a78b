/**
 * Tells systemd, where it started this process, that the daemon is ready, that its work goes on, that a start takes longer, and that it stops. The
 * pulse for the watchdog follows the work: it is sent after a piece of work has been done from end to end, so that a daemon
 * which only answers is restarted. Each message is sent by `systemd-notify`, since Node opens no datagram socket of Unix.
 */
import { execFile } from "node:child_process";
import type { Timers } from "../clock.ts";
import type { Logger } from "../logger.ts";

export type ServiceState = "READY=1" | "WATCHDOG=1" | "STOPPING=1" | `EXTEND_TIMEOUT_USEC=${number}`;

interface ServiceManager {
  /** Resolves when it is told; what it does not hear is logged once. Never rejects. */
  tell(state: ServiceState): Promise<void>;
  /** It kills the process when it hears no pulse for this long; null: it does not watch. */
  readonly watchdogMs: number | null;
}

const tellTimeoutMs = 10_000;
/** Pulses within the time after which the process would be killed; a machine under load may miss one. */
const pulsesPerPeriod = 4;

/** Before the first message, and between two; and how long each asks for, so that a machine under load may miss some. */
const extensionPeriodMs = 30_000;
const extensionMs = 120_000;
/** What work asks for that lets no timer run. */
const blockedStartMs = 3_600_000;

/** The service manager that started this process; null where none did, or where it started a parent of it. */
export function findServiceManager(
  environment: Readonly<Record<string, string | undefined>>,
  { isForked, logger }: { readonly isForked: boolean; readonly logger: Logger },
): ServiceManager | null {
  if (isForked || !environment.NOTIFY_SOCKET) return null;
  const watchdogUs = Number(environment.WATCHDOG_USEC ?? Number.NaN);
  let isHeard = true;
  return {
    watchdogMs: watchdogUs > 0 ? watchdogUs / 1000 : null,
    tell: (state) =>
      new Promise((resolve) => {
        execFile("systemd-notify", [state], { env: environment, timeout: tellTimeoutMs }, (error) => {
          if (error !== null && isHeard) logger.warn("the service manager cannot be told", { state, error });
          isHeard = error === null;
          resolve();
        });
      }),
  };
}

/** What a pulse follows. */
interface PulseOptions {
  /** Resolves after the next piece of work; while it does not, there is no pulse. */
  readonly nextWork: () => Promise<void>;
  readonly timers: Timers;
}

/** Sends pulses as long as work goes on; returns the way out. Nothing is sent where nobody watches. */
export function followWork(
  { tell, watchdogMs }: ServiceManager,
  { nextWork, timers }: PulseOptions,
): () => void {
  if (watchdogMs === null) return () => {};
  let cancel = (): void => {};
  let stopped = false;
  async function pulse(): Promise<void> {
    await nextWork();
    if (stopped) return;
    await tell("WATCHDOG=1");
    if (!stopped) cancel = timers.after(watchdogMs! / pulsesPerPeriod, () => void pulse());
  }
  void pulse();
  return () => {
    stopped = true;
    cancel();
  };
}

/** Does work that a start waits for, however long it takes: as long as it goes on, more time is asked for. */
export async function extendStart<T>(
  work: () => Promise<T>,
  { manager, timers }: { readonly manager: Pick<ServiceManager, "tell"> | null; readonly timers: Timers },
): Promise<T> {
  let cancel = (): void => {};
  const extend = (): void => {
    void manager?.tell(`EXTEND_TIMEOUT_USEC=${extensionMs * 1_000}`);
    cancel = timers.after(extensionPeriodMs, extend);
  };
  if (manager !== null) cancel = timers.after(extensionPeriodMs, extend);
  try {
    return await work();
  } finally {
    cancel();
  }
}

/** Asks for as much time as work of a start may need in which nothing else runs, since it cannot ask for more meanwhile. */
export async function extendBlockedStart(manager: Pick<ServiceManager, "tell"> | null): Promise<void> {
  await manager?.tell(`EXTEND_TIMEOUT_USEC=${blockedStartMs * 1_000}`);
}
