/** Device addresses as a configuration writes them: a serial path, `tcp://host:port`, or `mqtt:<device id>`. */
import type { Result } from "../../src/core/contract/result.ts";
import { failed, ok } from "../../src/core/contract/result.ts";
import { idPattern } from "../../src/core/contract/topics.ts";
import { hostOf } from "../../src/core/contract/url-host.ts";
import type { ByteTransport } from "./byte-transport.ts";
import { createTcpTransport } from "./tcp-transport.ts";

interface SerialAddress {
  readonly path: string;
  readonly kind: "serial";
}

/** A byte stream over TCP, as ser2net offers it. */
interface TcpAddress {
  readonly host: string;
  readonly port: number;
  readonly kind: "tcp";
}

/** A device that speaks MQTT, on the topics of its id. */
interface MqttAddress {
  readonly deviceId: string;
  readonly kind: "mqtt";
}

type DeviceAddress = SerialAddress | TcpAddress | MqttAddress;

/** Parses an address; the error says what is expected. */
export function parseDeviceAddress(text: string): Result<DeviceAddress, string> {
  if (text.startsWith("tcp://")) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const port = Number(url?.port);
    if (!url?.hostname || !(port > 0) || url.pathname.length > 1)
      return failed(`${JSON.stringify(text)} is not of the form tcp://host:port`);
    return ok({ kind: "tcp", host: hostOf(url), port });
  }
  if (text.startsWith("mqtt:")) {
    const deviceId = text.slice("mqtt:".length);
    return idPattern.test(deviceId)
      ? ok({ kind: "mqtt", deviceId })
      : failed(`${JSON.stringify(deviceId)} is not a device id`);
  }
  if (/^(\/|COM\d)/.test(text)) return ok({ kind: "serial", path: text });
  return failed(
    `${JSON.stringify(text)} is not a device address: expected a serial path, tcp://host:port or mqtt:<device id>`,
  );
}

/** The byte stream of an address. The serial library is loaded only when it is needed. */
export async function createByteTransport(
  address: SerialAddress | TcpAddress,
  baudRate?: number,
): Promise<ByteTransport> {
  if (address.kind === "tcp") return createTcpTransport(address.host, address.port);
  const { createSerialTransport } = await import("./serial-transport.ts");
  return createSerialTransport(address.path, baudRate);
}
