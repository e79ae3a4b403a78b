/** What a collector's configuration, or anybody's login at a broker, leaves open to a network, or to chance. Keeps no daemon from starting. */
import { isAbsolute, resolve } from "node:path";
import type { CollectorConfig } from "../../contract/config/collector-config.ts";
import type { ConfigFinding, KeyPath } from "../../contract/config/config-finding.ts";
import { isClosedToHttp } from "../../contract/config/config-parts.ts";
import type { GatewayConfig } from "../../contract/config/gateway-config.ts";
import { isLoopbackAddress, isLoopbackHost } from "../loopback-host.ts";
import { warnOfUnused } from "./unused-settings.ts";

/** Of a collector. */
export function warnOfCollector(config: CollectorConfig): readonly ConfigFinding[] {
  const { collector, mqtt } = config;
  const findings: ConfigFinding[] = [...warnOfUnused(config)];
  if (!isNear(collector.httpHost)) {
    findings.push({
      path: ["collector", "httpHost"],
      value: collector.httpHost,
      problem: "whoever reaches this address reads the page and the API, unencrypted",
      write: "write 127.0.0.1 and put a web server with TLS and a login before it, its name into httpNames",
    });
  }
  findings.push(...warnOfPort(["collector", "httpPort"], collector.httpPort));
  findings.push(...warnOfPlace(["collector", "stateDir"], collector.stateDir));
  if (mqtt.url !== null) return [...findings, ...warnOfBroker({ ...mqtt, url: mqtt.url })];
  const { host, certFile, gateways } = mqtt.embedded;
  if (gateways.length === 0) {
    findings.push({
      path: ["mqtt"],
      problem: "no gateway may connect to this collector's own broker",
      write: "write each under mqtt.embedded.gateways, with a passwordFile, or the url of another broker",
    });
  }
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

/** Of a port that a page is reached on only through another: a proxy's, or one that a container maps to it. */
export function warnOfPort(path: KeyPath, port: number): readonly ConfigFinding[] {
  if (!isClosedToHttp(port)) return [];
  const problem = "browsers and aurora's own commands open no page on this port, which is another service's";
  return [{ path, problem, write: "write another port, unless all who ask come through a port before it" }];
}

/** Of a folder that is another one wherever the daemon is started. */
export function warnOfPlace(path: KeyPath, folder: string): readonly ConfigFinding[] {
  if (isAbsolute(folder)) return [];
  const problem = `this is below whatever folder it is started in, here ${resolve(folder)}`;
  return [{ path, problem, write: "write the whole path, from /" }];
}

/** Of a broker's address: a login in the clear over a network, a port that is usual for the other way. */
export function warnOfBroker({
  url,
  username,
  caFile,
  certFile,
}: Pick<GatewayConfig["mqtt"], "url" | "username" | "caFile" | "certFile">): readonly ConfigFinding[] {
  const { protocol, hostname, port } = new URL(url);
  const isPlain = protocol === "mqtt:" && caFile === null && certFile === null;
  const path = ["mqtt", "url"];
  if (isPlain && port === "8883")
    return [
      { path, problem: "8883 is the usual port with TLS", write: "write mqtts://, or the port without" },
    ];
  if (protocol === "mqtts:" && port === "1883")
    return [
      { path, problem: "1883 is the usual port without TLS", write: "write the port with, mostly 8883" },
    ];
  if (!isPlain || username === null || isNear(hostname)) return [];
  const problem = "the password goes over the network unencrypted";
  return [{ path, problem, write: "write mqtts:// and the broker's TLS port, mostly 8883" }];
}
