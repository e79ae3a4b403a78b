/**
 * Runs a daemon until it is asked to stop: SIGINT, SIGTERM, SIGHUP, or the end of the parent that forked it. Tells the
 * parent, or systemd, when it is ready. Stops once, within a bound. Begins it anew only where it says itself that it must be, whatever the signal.
 */
import { closeSync } from "node:fs";
import { findClockFault, systemTimers } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { findServiceManager, followWork } from "./service-manager.ts";

export interface Daemon {
  readonly httpUrl: string;
  readonly mqttUrl: string;
  /** Resolves after the next piece of the daemon's own work, done from end to end; not while that work stands still. Never rejects. */
  nextWork?(): Promise<void>;
  /** Resolves with the reason where another start has what this one had to go without. Never rejects. */
  readonly outdated?: Promise<string>;
  close(): Promise<void>;
}

/** A daemon that has not stopped after this long is left behind: a slow machine that is busy takes seconds. */
const maxStopMs = 15_000;
/** SIGHUP comes from a terminal that is closed, or a connection to it that is lost. */
const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Resolves when the daemon has stopped. One that is outdated is closed, and `beginAnew` gives the next. */
export async function runDaemon(
  first: Daemon,
  logger: Logger,
  beginAnew?: () => Promise<Daemon>,
): Promise<void> {
  const isForked = process.send !== undefined;
  // Before anybody hears that it is ready: a signal that nobody waits for ends a process as it stands.
  let isAsked = false;
  const asked = untilAsked(isForked).finally(() => {
    isAsked = true;
  });
  const manager = findServiceManager(process.env, { isForked, logger });
  const run = async (daemon: Daemon): Promise<string> => {
    const { httpUrl, mqttUrl } = daemon;
    const ready: ReadyMessage = { type: "ready", httpUrl, mqttUrl };
    if (process.connected) process.send?.(ready);
    logger.info("ready", { httpUrl, mqttUrl });
    void manager?.tell("READY=1");
    const nextWork = async (): Promise<void> => daemon.nextWork?.();
    const stopPulse = manager === null ? undefined : followWork(manager, { nextWork, timers: systemTimers });
    const { outdated } = daemon;
    const mayEnd = outdated === undefined || beginAnew === undefined ? [asked] : [asked, outdated];
    const reason = await Promise.race(mayEnd);
    stopPulse?.();
    return reason;
  };
  const fault = findClockFault(Date.now());
  if (fault !== null)
    logger.warn(`this machine's clock ${fault}`, {
      hint: "Set up time synchronisation: it dates all records.",
    });
  let daemon = first;
  let reason = await run(daemon);
  while (!isAsked) {
    logger.warn("beginning anew", { reason });
    await closeInTime(daemon, logger);
    daemon = await beginAnew!();
    reason = await run(daemon);
  }
  logger.info("stopping", { reason });
  void manager?.tell("STOPPING=1");
  await closeInTime(daemon, logger);
  logger.info("stopped");
  // All is closed: what still keeps the process is work that nobody waits for.
  setTimeout(() => process.exit(), 2_000).unref();
  if (process.connected) process.disconnect?.();
  if (reason === "SIGHUP") process.once("exit", forgetTerminal);
}

async function closeInTime(daemon: Daemon, logger: Logger): Promise<void> {
  const timeout = setTimeout(() => {
    logger.error("did not stop in time", { maxStopMs });
    process.exit(1);
  }, maxStopMs);
  await daemon.close();
  clearTimeout(timeout);
}

/** Resolves with the reason to stop. */
function untilAsked(isForked: boolean): Promise<string> {
  return new Promise((resolve) => {
    // A second signal while stopping changes nothing.
    for (const signal of stopSignals) process.on(signal, () => resolve(signal));
    const orphaned = (): void => resolve("the parent process ended");
    if (process.connected) process.once("disconnect", orphaned);
    else if (isForked) orphaned();
  });
}

/** At its end Node sets the terminal back to what it found, and aborts where that is gone: there must be none. */
function forgetTerminal(): void {
  for (const descriptor of [0, 1, 2]) {
    try {
      closeSync(descriptor);
    } catch {
      // Closed already.
    }
  }
}

/** What a daemon tells the process that forked it, once, when everything is up. */
export interface ReadyMessage {
  readonly type: "ready";
  /** Base address of the daemon's HTTP server. */
  readonly httpUrl: string;
  /** Address of the broker that it uses (or is). */
  readonly mqttUrl: string;
}

export function isReadyMessage(message: unknown): message is ReadyMessage {
  if (typeof message !== "object" || message === null) return false;
  const ready = message as Partial<ReadyMessage>;
  return ready.type === "ready" && typeof ready.httpUrl === "string" && typeof ready.mqttUrl === "string";
}
