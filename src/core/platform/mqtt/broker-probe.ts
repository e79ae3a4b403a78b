/**
 * Finds out whether a broker lets clients write where none of them may: publishes one empty message to a topic that nobody
 * listens to, with one's own login and with none. Only a broker of MQTT 5 can say that it refused (section 3.4.2.1); of
 * another nothing is found. Changes nothing, and mends nothing.
 */
import { randomBytes } from "node:crypto";
import { systemTimers } from "../clock.ts";
import type { BrokerLogin } from "./broker-login.ts";
import { withoutLogin } from "./broker-socket.ts";
import { createMqttClient } from "./mqtt-client.ts";

/** No gateway of this name is ever enrolled, so that nobody listens to its acknowledgements. */
export const probedGateway = "aurora-probe";

interface BrokerProbeOptions {
  readonly url: string;
  readonly login: BrokerLogin;
  /** Where neither this client nor anybody without a login may publish. */
  readonly topic: string;
  /** Whether this client itself must be refused there; an anonymous one must be always. */
  readonly includesOwn: boolean;
  /** How long each attempt may take; default 5 s. */
  readonly timeoutMs?: number;
}

/** Who was let through: this client, which has no right there, or anybody. */
export type LetThrough = "own-login" | "anybody";

/** Probes; resolves with who was let through. Never rejects for reasons of the network. */
export async function probeBroker(options: BrokerProbeOptions): Promise<readonly LetThrough[]> {
  const { login, includesOwn } = options;
  const { username, tls } = login;
  const found: LetThrough[] = [];
  if (includesOwn && (await mayPublish(options, login))) found.push("own-login");
  const hasLogin = username !== undefined || tls?.cert !== undefined;
  // Without a login of one's own, both are the same.
  if (!hasLogin && includesOwn) return found.length === 0 ? [] : ["anybody"];
  const nobody: BrokerLogin = tls?.ca === undefined ? {} : { tls: { ca: tls.ca } };
  if (await mayPublish({ ...options, url: withoutLogin(options.url) }, nobody)) found.push("anybody");
  return found;
}

async function mayPublish(
  { url, topic, timeoutMs = 5_000 }: BrokerProbeOptions,
  login: BrokerLogin,
): Promise<boolean> {
  let giveUp = (): void => {};
  const client = createMqttClient({
    url,
    clientId: `aurora-probe-${randomBytes(6).toString("hex")}`,
    ...login,
    // Asked for after an attempt that failed: that was the one.
    renewLogin: async () => {
      giveUp();
      return login;
    },
    version: 5,
    answerTimeoutMs: timeoutMs,
    // One attempt.
    backoff: { firstMs: 10 * timeoutMs, maxMs: 10 * timeoutMs },
    random: () => 1,
  });
  try {
    const connected = await new Promise<boolean>((resolve) => {
      const cancel = systemTimers.after(timeoutMs, () => resolve(false));
      const end = (isConnected: boolean): void => {
        cancel();
        resolve(isConnected);
      };
      giveUp = () => end(false);
      client.onConnect(() => end(true));
    });
    if (!connected) return false;
    return await client.publish(topic, "{}", { qos: 1, retain: false }).then(
      () => true,
      () => false,
    );
  } finally {
    await client.close();
  }
}
