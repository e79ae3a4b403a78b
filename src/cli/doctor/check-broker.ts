/**
 * The way to the broker, step by step: name and port, TLS, login, and whether it keeps others from what only they may write.
 * Each step is looked at only where the one before it went well.
 */
import { randomBytes } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { createTopics } from "../../core/contract/topics.ts";
import { formatDuration } from "../../core/maths/durations.ts";
import { noticeOf } from "../../core/platform/daemon/certificate-dates.ts";
import { silentLogger } from "../../core/platform/logger.ts";
import { type BrokerLogin, readBrokerLogin } from "../../core/platform/mqtt/broker-login.ts";
import { probeBroker, probedGateway } from "../../core/platform/mqtt/broker-probe.ts";
import { openBrokerSocket, parseBrokerUrl } from "../../core/platform/mqtt/broker-socket.ts";
import {
  type ConnectFailure,
  describeConnectFailure,
  describeHandshakeEnd,
  describePeer,
  loginCure,
  noAnswerCure,
} from "../../core/platform/mqtt/connect-failures.ts";
import { createMqttClient } from "../../core/platform/mqtt/mqtt-client.ts";
import { packetSizeCure, wantedPacketBytes } from "../../core/platform/mqtt/mqtt-exchanges.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { adviseOfHangUp } from "../../core/platform/mqtt/own-certificate.ts";
import { bad, type CheckResult, good, skipped, warning } from "./check-result.ts";

const reachMs = 5_000;
const loginMs = 8_000;
/** What failed once is tried again for so long. */
const onceMoreMs = 1_500;
const probeMs = 3_000;
/** Of an alert. */
const leastPacketBytes = 4_096;
const unreachable =
  "Check mqtt.url, the network, the route and the firewall between this machine and the broker.";

interface BrokerFindings {
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
  return { results: [...reach, result, ...describeLimit(client), access], client };
}

/** Only MQTT 5 states it, and no broker states its limit of a message's content. */
function describeLimit({ largestPacketBytes }: MqttClient): readonly CheckResult[] {
  if (largestPacketBytes === null || largestPacketBytes >= wantedPacketBytes) return [];
  const isTooSmall = largestPacketBytes < leastPacketBytes;
  const lost = isTooSmall ? "not even an alert passes" : "records go in smaller pieces";
  const text = `takes packets of ${largestPacketBytes} bytes at most: ${lost}`;
  return [(isTooSmall ? bad : warning)("broker's limit", text, packetSizeCure)];
}

async function checkReach(url: string, login: BrokerLogin): Promise<readonly CheckResult[]> {
  const address = parseBrokerUrl(url);
  const isTls = address.secure || login.tls !== undefined;
  const where = `${address.host}:${address.port}`;
  const { error, expiresMs, noticeMs } = await openOnce(address, login, isTls);
  const name = isTls ? "broker, TLS" : "broker";
  if (error !== null) return [bad(name, `${where}: ${error.problem}`, error.cure)];
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
  const leftMs = expiresMs - Date.now();
  if (!(leftMs <= noticeMs)) return [reached];
  return [reached, warning("broker's certificate", `expires in ${formatDuration(leftMs)}`, "Renew it.")];
}

type Address = ReturnType<typeof parseBrokerUrl>;

function openOnce(
  address: Address,
  login: BrokerLogin,
  isTls: boolean,
): Promise<{ readonly error: ConnectFailure | null; readonly expiresMs: number; readonly noticeMs: number }> {
  return new Promise((resolve) => {
    const socket = openBrokerSocket(address, login.tls ?? (isTls ? {} : undefined));
    const end = (error: ConnectFailure | null): void => {
      const shown = isTls && error === null ? (socket as TLSSocket).getPeerCertificate() : undefined;
      const [fromMs, expiresMs] = [Date.parse(shown?.valid_from ?? ""), Date.parse(shown?.valid_to ?? "")];
      // Not at once: the broker would take it for a client that hung up on its certificate.
      if (error === null) socket.destroySoon();
      else socket.destroy();
      resolve({ error, expiresMs, noticeMs: noticeOf(fromMs, expiresMs) });
    };
    socket.setTimeout(reachMs, () =>
      end({ problem: `no answer within ${reachMs / 1000} s`, cure: unreachable }),
    );
    socket.once(isTls ? "secureConnect" : "connect", () => end(null));
    socket.once("error", (error) =>
      end(
        (isTls ? describeHandshakeEnd : describeConnectFailure)(error, login.tls?.cert) ?? {
          problem: error.message,
          cure: unreachable,
        },
      ),
    );
  });
}

async function logIn(
  url: string,
  login: BrokerLogin,
): Promise<{ readonly result: CheckResult; readonly client: MqttClient | null }> {
  const name = "broker's login";
  const where = adviseOfLogin(url, login);
  let refusal: Refusal | undefined;
  let giveUpSoon = (): void => {};
  let endWaiting = (): void => {};
  const client = createMqttClient({
    url,
    clientId: `aurora-doctor-${randomBytes(6).toString("hex")}`,
    ...login,
    answerTimeoutMs: loginMs,
    backoff: { firstMs: 100, maxMs: 1_000 },
    logger: {
      ...silentLogger,
      warn: (_message, fields) => {
        const { detail, hint } = fields ?? {};
        if (typeof detail !== "string") return;
        refusal = { detail, hint: typeof hint === "string" ? hint : where };
        giveUpSoon();
      },
    },
  });
  const connected = await new Promise<boolean>((resolve) => {
    const timers = [setTimeout(() => resolve(false), loginMs)];
    giveUpSoon = () => void timers.push(setTimeout(() => resolve(false), onceMoreMs));
    client.onConnect(() => resolve(true));
    endWaiting = () => {
      for (const timer of timers) clearTimeout(timer);
    };
  });
  endWaiting();
  const who = login.username ?? (login.tls?.cert === undefined ? "nobody" : "the client certificate");
  if (connected) {
    const version = client.version === 5 ? "5" : "3.1.1";
    return { result: good(name, `as ${who}, MQTT ${version}`), client };
  }
  await client.close();
  refusal ??= (await findWebServer(url, login)) ?? { detail: "no answer to the login", hint: where };
  return { result: bad(name, `as ${who}: ${refusal.detail}`, refusal.hint), client: null };
}

/** Why nobody was let in, and what to do. */
interface Refusal {
  readonly detail: string;
  readonly hint: string;
}

/** Some web servers wait for the end of a line, which no login over MQTT has: this asks one for a page. */
function findWebServer(url: string, { tls }: BrokerLogin): Promise<Refusal | undefined> {
  return new Promise((resolve) => {
    const address = parseBrokerUrl(url);
    const socket = openBrokerSocket(address, tls ?? (address.secure ? {} : undefined));
    const end = (peer?: ConnectFailure): void => {
      socket.destroy();
      resolve(peer && { detail: peer.problem, hint: peer.cure });
    };
    socket.setTimeout(probeMs, () => end());
    socket.once("error", () => end());
    socket.once("close", () => end());
    socket.once("data", (first) => end(describePeer(first)));
    socket.write("GET / HTTP/1.0\r\n\r\n");
  });
}

/** Where the broker hangs up without a word: over TLS 1.3 it does so to a client certificate that it does not take. */
function adviseOfLogin(url: string, { tls }: BrokerLogin): string {
  if (tls === undefined && !parseBrokerUrl(url).secure) {
    return noAnswerCure;
  }
  return (
    adviseOfHangUp(tls?.cert) ??
    `${loginCure} It may ask for a client certificate: mqtt.certFile and mqtt.keyFile.`
  );
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
