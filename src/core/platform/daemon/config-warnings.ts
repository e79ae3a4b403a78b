/** What a collector's configuration, or anybody's login at a broker, leaves open to a network. Keeps no daemon from starting. */
import type { CollectorConfig } from "../../contract/config/collector-config.ts";
import type { ConfigFinding } from "../../contract/config/config-finding.ts";
import type { GatewayConfig } from "../../contract/config/gateway-config.ts";
import { isLoopbackAddress, isLoopbackHost } from "../loopback-host.ts";

/** Of a collector. */
export function warnOfCollector({ collector, mqtt }: CollectorConfig): readonly ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  if (!isNear(collector.httpHost)) {
    findings.push({
      path: ["collector", "httpHost"],
      value: collector.httpHost,
      problem: "whoever reaches this address reads the page and the API, unencrypted",
      write: "write 127.0.0.1 and put a web server with TLS and a login before it",
    });
  }
  if (mqtt.url !== null) return [...findings, ...warnOfPlainLogin({ ...mqtt, url: mqtt.url })];
  const { host, certFile } = mqtt.embedded;
  if (!isNear(host) && certFile === null) {
    findings.push({
      path: ["mqtt", "embedded", "host"],
      value: host,
      problem: "gateways log in over the network without TLS: who listens there reads their passwords",
      write: "name certFile and keyFile (`aurora keys server`), or write 127.0.0.1",
    });
  }
  return findings;
}

/** Is it this machine alone that reaches the address? */
export function isNear(host: string): boolean {
  return isLoopbackHost(host) || isLoopbackAddress(host);
}

/** Of a login at a broker, in the clear over a network. */
export function warnOfPlainLogin({
  url,
  username,
  caFile,
  certFile,
}: Pick<GatewayConfig["mqtt"], "url" | "username" | "caFile" | "certFile">): readonly ConfigFinding[] {
  const isPlain = url.startsWith("mqtt:") && caFile === null && certFile === null;
  if (!isPlain || username === null || isNear(new URL(url).hostname)) return [];
  const problem = "the password goes over the network unencrypted";
  return [{ path: ["mqtt", "url"], problem, write: "write mqtts:// and the broker's TLS port, mostly 8883" }];
}
