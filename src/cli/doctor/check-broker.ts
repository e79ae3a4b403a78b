/**
 * The way to the broker, step by step: name and port, TLS, login, and whether it keeps others from what only they may write.
 * Each step is looked at only where the one before it went well.
 */
import { randomBytes } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { createTopics } from "../../core/contract/topics.ts";
import { dayMs } from "../../core/maths/durations.ts";
import { silentLogger } from "../../core/platform/logger.ts";
import { type BrokerLogin, readBrokerLogin } from "../../core/platform/mqtt/broker-login.ts";
import { probeBroker, probedGateway } from "../../core/platform/mqtt/broker-probe.ts";
import { openBrokerSocket, parseBrokerUrl } from "../../core/platform/mqtt/broker-socket.ts";
import { createMqttClient } from "../../core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { bad, type CheckResult, good, skipped, warning } from "./check-result.ts";

const reachMs = 5_000;
const loginMs = 8_000;
const probeMs = 3_000;
const expiresSoonDays = 30;

export interface BrokerFindings {
  readonly results: readonly CheckResult[];
  /** Logged in; null: no further than the results say. Its user closes it. */
  readonly client: MqttClient | null;
}

/** @param password in place of the password file; undefined: the file's */
export async function checkBroker(
  { mqtt }: Pick<GatewayConfig, "mqtt">,
  password: string | undefined,
): Promise<BrokerFindings> {
  const login = await readBrokerLogin(mqtt, password);
  const reach = await checkReach(mqtt.url, login);
  if (reach.some(({ verdict }) => verdict === "bad")) return { results: reach, client: null };
  const { result, client } = await logIn(mqtt.url, login);
  if (client === null) return { results: [...reach, result], client };
  const access = await checkAccess({ mqtt }, { login, client });
  return { results: [...reach, result, access], client };
}

const advices: readonly (readonly [RegExp, string])[] = [
  [/ENOTFOUND|EAI_AGAIN/, "No name server knows this name: check mqtt.url and the network's DNS."],
  [
    /ECONNREFUSED/,
    "The machine is there, and no broker listens on this port: check the port, and that the broker runs.",
  ],
  [/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/, "Check the network, the route and the firewall between."],
  [/CERT_HAS_EXPIRED/, "Renew the broker's certificate; or is this machine's clock wrong?"],
  [/CERT_NOT_YET_VALID/, "This machine's clock is behind, or the certificate was made on one that is ahead."],
  [
    /ALTNAME/,
    "Write the name that the certificate is for into mqtt.url, or issue one for this name (`aurora keys server`).",
  ],
  [/UNABLE_TO|SELF_SIGNED/, "Name the authority that signed the broker's certificate under mqtt.caFile."],
  [
    /WRONG_VERSION|ssl3|EPROTO|before secure TLS/,
    "No TLS is spoken on this port: write mqtt:// without caFile, or the broker's TLS port (8883).",
  ],
];

function adviseOf(detail: string): string {
  const known = advices.find(([pattern]) => pattern.test(detail));
  return known?.[1] ?? "Check mqtt.url, and that the broker can be reached from this machine.";
}

async function checkReach(url: string, login: BrokerLogin): Promise<readonly CheckResult[]> {
  const address = parseBrokerUrl(url);
  const isTls = address.secure || login.tls !== undefined;
  const where = `${address.host}:${address.port}`;
  const { error, expiresMs } = await openOnce(address, login, isTls);
  const name = isTls ? "broker, TLS" : "broker";
  if (error !== null) return [bad(name, `${where}: ${error}`, adviseOf(error))];
  const reached = good(
    name,
    isTls ? `${where} answers with a certificate that is trusted` : `${where} answers`,
  );
  if (!isTls) {
    const isNear = /^(localhost|127\.|::1)/.test(address.host);
    if (isNear || login.username === undefined) return [reached];
    const advice = "Write mqtts:// and mqtt.caFile; `aurora keys authority` makes certificates for a site.";
    return [reached, warning("broker, TLS", "the password goes over the network unencrypted", advice)];
  }
  const days = Math.floor((expiresMs - Date.now()) / dayMs);
  if (!(days < expiresSoonDays)) return [reached];
  return [reached, warning("broker's certificate", `expires in ${days} days`, "Renew it.")];
}

type Address = ReturnType<typeof parseBrokerUrl>;

function openOnce(
  address: Address,
  login: BrokerLogin,
  isTls: boolean,
): Promise<{ readonly error: string | null; readonly expiresMs: number }> {
  return new Promise((resolve) => {
    const socket = openBrokerSocket(address, login.tls ?? (isTls ? {} : undefined));
    const end = (error: string | null): void => {
      const to = isTls && error === null ? (socket as TLSSocket).getPeerCertificate().valid_to : undefined;
      socket.destroy();
      resolve({ error, expiresMs: to === undefined ? Number.NaN : Date.parse(to) });
    };
    socket.setTimeout(reachMs, () => end(`ETIMEDOUT: no answer within ${reachMs / 1000} s`));
    socket.once(isTls ? "secureConnect" : "connect", () => end(null));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      const { code = "", message } = error;
      end(message.includes(code) ? message : `${code} ${message}`);
    });
  });
}

async function logIn(
  url: string,
  login: BrokerLogin,
): Promise<{ readonly result: CheckResult; readonly client: MqttClient | null }> {
  const name = "broker's login";
  let refusal = "no answer to the login";
  const client = createMqttClient({
    url,
    clientId: `aurora-doctor-${randomBytes(6).toString("hex")}`,
    ...login,
    answerTimeoutMs: loginMs,
    backoff: { firstMs: 100, maxMs: 1_000 },
    logger: {
      ...silentLogger,
      warn: (_message, fields) => {
        refusal = typeof fields?.detail === "string" ? fields.detail : refusal;
      },
    },
  });
  const connected = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), loginMs);
    client.onConnect(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
  const who = login.username ?? (login.tls?.cert === undefined ? "nobody" : "the client certificate");
  if (connected) {
    const version = client.version === 5 ? "5" : "3.1.1";
    return { result: good(name, `as ${who}, MQTT ${version}`), client };
  }
  await client.close();
  const advice =
    "Compare mqtt.username and the password (or certificate) with the broker's list; `aurora fleet enrol` makes both.";
  return { result: bad(name, `as ${who}: ${refusal}`, advice), client: null };
}

async function checkAccess(
  { mqtt }: Pick<GatewayConfig, "mqtt">,
  { login, client }: { readonly login: BrokerLogin; readonly client: MqttClient },
): Promise<CheckResult> {
  const name = "broker's access list";
  // Only MQTT 5 can refuse a message in words.
  if (client.version !== 5) return skipped(name, "a broker of MQTT 3.1.1 does not say what it refuses");
  const topic = createTopics(mqtt.base).ack(probedGateway);
  const found = await probeBroker({ url: mqtt.url, login, topic, includesOwn: true, timeoutMs: probeMs });
  if (found.length === 0) return good(name, "keeps this gateway from others' topics");
  const who = found.includes("anybody") ? "anybody, without a login," : "this gateway's login";
  const advice = "Give the broker the access list that `aurora fleet enrol` writes.";
  return warning(name, `${who} may write what other gateways are told`, advice);
}
