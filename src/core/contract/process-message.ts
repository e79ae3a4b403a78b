/** What a daemon tells the process that started it (over the IPC channel of `fork`), so that nobody has to poll. */

/** Sent once, when everything is up. */
export interface ReadyMessage {
  readonly type: "ready";
  /** Base address of the daemon's HTTP server. */
  readonly httpUrl: string;
  /** Address of the broker that it uses (or is). */
  readonly mqttUrl: string;
}

/** Is `message` a {@link ReadyMessage}? */
export function isReadyMessage(message: unknown): message is ReadyMessage {
  if (typeof message !== "object" || message === null) return false;
  const ready = message as Partial<ReadyMessage>;
  return ready.type === "ready" && typeof ready.httpUrl === "string" && typeof ready.mqttUrl === "string";
}
