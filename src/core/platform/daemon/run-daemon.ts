/**
 * Runs a daemon until it is asked to stop: SIGINT, SIGTERM, SIGHUP, or the end of the parent that forked it; where systemd started it, which
 * is expected to start it again, also until another start has what this one lacks. Tells the parent, or systemd, when it is ready. Stops
 * once, within a bound. Reads no configuration anew, whatever the signal.
 */
import { closeSync } from "node:fs";
import { findClockFault, systemTimers } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { ClosedPart } from "./closing.ts";
import { findServiceManager, followWork } from "./service-manager.ts";

export interface Daemon extends ClosedPart {
  readonly httpUrl: string;
  readonly mqttUrl: string;
  /** Resolves after the next piece of the daemon's own work, done from end to end; not while that work stands still. Never rejects. */
  nextWork?(): Promise<void>;
  /** Resolves with the reason where another start has what this one had to go without. Never rejects. */
  readonly outdated?: Promise<string>;
}

/**
 * A daemon that has not stopped after this long is left behind: a disk that takes seconds for each write takes many of them for the last
 * ones. systemd waits 90 s.
 */
const maxStopMs = 60_000;
/** SIGHUP comes from a terminal that is closed, or a connection to it that is lost. */
const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Resolves when the daemon has stopped.
 * @param stopMs after which one that has not is left behind; another one for tests
 */
export async function runDaemon(daemon: Daemon, logger: Logger, stopMs: number = maxStopMs): Promise<void> {
  const ready: ReadyMessage = { type: "ready", httpUrl: daemon.httpUrl, mqttUrl: daemon.mqttUrl };
  const isForked = process.send !== undefined;
  // Before anybody hears that it is ready: a signal that nobody waits for ends a process as it stands.
  const asked = untilAsked(isForked);
  if (process.connected) process.send?.(ready);
  logger.info("ready", { httpUrl: daemon.httpUrl, mqttUrl: daemon.mqttUrl });
  const fault = findClockFault(Date.now());
  if (fault !== null)
    logger.warn(`this machine's clock ${fault}`, {
      hint: "Set up time synchronisation: it dates all records.",
    });
  const manager = findServiceManager(process.env, { isForked, logger });
  void manager?.tell("READY=1");
  const nextWork = async (): Promise<void> => daemon.nextWork?.();
  const stopPulse = manager === null ? undefined : followWork(manager, { nextWork, timers: systemTimers });
  const ends = [asked.then((reason) => ({ reason, isAsked: true }))];
  // Elsewhere nobody is expected to start it again.
  if (manager !== null && daemon.outdated !== undefined)
    ends.push(daemon.outdated.then((reason) => ({ reason, isAsked: false })));
  const { reason, isAsked } = await Promise.race(ends);
  if (!isAsked) process.exitCode = 1;
  // A second signal while stopping changes nothing.
  for (const signal of stopSignals) process.on(signal, () => {});
  logger[isAsked ? "info" : "warn"]("stopping", { reason });
  const timeout = setTimeout(() => {
    logger.error("did not stop in time", {
      maxStopMs: stopMs,
      waitingFor: daemon.unclosed().join(", "),
    });
    leaveBehind();
  }, stopMs);
  stopPulse?.();
  void manager?.tell("STOPPING=1");
  await daemon.close();
  clearTimeout(timeout);
  logger.info("stopped");
  // All is closed: what still keeps the process is work that nobody waits for.
  setTimeout(() => process.exit(), 2_000).unref();
  if (process.connected) process.disconnect?.();
  if (reason === "SIGHUP") process.once("exit", forgetTerminal);
}

/** Node's own exit waits for files that are being written, on a disk that hangs for ever. */
function leaveBehind(): void {
  process.emit("exit", 1);
  process.kill(process.pid, "SIGKILL");
}

/** Resolves with the reason to stop. */
function untilAsked(isForked: boolean): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of stopSignals) process.once(signal, () => resolve(signal));
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
