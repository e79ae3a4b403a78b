/** A broker's address, and a socket to it: plain or TLS. Speaks no MQTT. */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { AuroraError } from "../../contract/aurora-error.ts";
import { hostOf } from "../../contract/url-host.ts";
import { reasonOf, weakCure } from "./renewed-tls.ts";

/** PEM texts. With them, or with `mqtts://`, the connection is TLS. */
export interface MqttTls {
  /** Authorities to trust instead of the system's. */
  readonly ca?: string | Uint8Array;
  /** Client certificate and its key. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
}

/** Where a broker is, and who asks. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** Throws `CONFIG_INVALID` if the URL is invalid. */
export function parseBrokerUrl(text: string): BrokerAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const secure = url?.protocol === "mqtts:" || url?.protocol === "ssl:";
  if (url === undefined || url.hostname === "" || !(secure || /^(mqtt|tcp):$/.test(url.protocol))) {
    throw new AuroraError("CONFIG_INVALID", "the broker's address is not an MQTT URL", {
      op: "connect to broker",
      hint: "Write mqtt://host:1883, or mqtts://host:8883 for TLS.",
    });
  }
  return {
    host: hostOf(url),
    port: url.port === "" ? (secure ? 8883 : 1883) : Number(url.port),
    secure,
    username: url.username === "" ? undefined : decodeURIComponent(url.username),
    password: url.password === "" ? undefined : decodeURIComponent(url.password),
  };
}

/** A broker's URL as it may be shown, without user name and password. */
export function withoutLogin(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//");
}

/** Begins to connect. @throws AuroraError KEY for certificates or keys that cannot be used */
export function openBrokerSocket(address: BrokerAddress, tls: MqttTls | undefined): Socket {
  const { host, port } = address;
  if (!address.secure && tls === undefined) return connectTcp({ host, port, noDelay: true });
  const material = (value: string | Uint8Array | undefined): string | Buffer | undefined =>
    value === undefined || typeof value === "string" ? value : Buffer.from(value);
  try {
    return connectTls({
      host,
      port,
      // Many brokers may share one address behind a router that reads it. RFC 6066, section 3, allows no address and no dot at the end.
      ...(isIP(host) === 0 ? { servername: host.replace(/\.$/, "") } : {}),
      ca: material(tls?.ca),
      cert: material(tls?.cert),
      key: material(tls?.key),
      minVersion: "TLSv1.2",
    });
  } catch (cause) {
    // Only the material can fail here: the network answers later.
    throw new AuroraError(
      "KEY",
      `the TLS certificate or key for ${host} cannot be used: ${reasonOf(cause)}`,
      {
        op: "connect to broker",
        subject: host,
        hint: weakCure,
        cause,
      },
    );
  }
}
