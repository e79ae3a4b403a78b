/**
 * The device's side of the handshake: says hello until the gateway has configured or refused the device, and says
 * where the conversation stands. Sends and takes no data.
 */
import { AuroraError } from "../../src/core/contract/aurora-error.ts";
import type { ConfigMessage } from "../../src/core/contract/device/device-message.ts";
import type { BackoffOptions } from "../../src/core/platform/backoff.ts";
import type { Timers } from "../../src/core/platform/clock.ts";
import { protocolVersion } from "../protocol.ts";
import type { DeviceEndpointOptions, DeviceEndpointState } from "./device-endpoint-options.ts";
import { createHelloRepeater, createToldState } from "./handshake.ts";
import type { PacketSender } from "./packet-sender.ts";

/** What the handshake shares with the rest of the endpoint. */
interface DeviceHandshakeParts {
  readonly sender: PacketSender;
  readonly timers: Timers;
  readonly helloBackoff: BackoffOptions;
  /** The conversation starts over: until a hello or a configuration nothing is delivered. */
  onIntroduce(): void;
  /** A hello went out under this number. */
  onHelloSent(sequence: number): void;
  /** The device was configured: it may stream. */
  onConfigured(): void;
  onRefused(): void;
}

interface DeviceHandshake {
  readonly state: DeviceEndpointState;
  /** Starts over, whatever the device was doing. */
  introduce(reason: string): void;
  /** Takes a configuration; the reason if it must be refused. */
  configure(config: ConfigMessage): string | undefined;
  /** The gateway refused the last hello. */
  refuse(reason: string): void;
  /** Stops saying hello: there is no connection yet, or it is lost. */
  rest(next: "connecting" | "closed", reason: string): void;
  /** Why waiting for the device to become ready is futile: DEVICE_PROTOCOL once refused, else DEVICE_UNREACHABLE. */
  createError(): AuroraError;
}

/** Creates a handshake of a device that is closed. */
export function createDeviceHandshake(
  options: DeviceEndpointOptions,
  parts: DeviceHandshakeParts,
): DeviceHandshake {
  const { deviceId, sessionId } = options;
  const { sender, timers } = parts;
  const status = createToldState<DeviceEndpointState>("closed", (state, reason) =>
    options.onState?.(state, reason),
  );
  const hellos = createHelloRepeater({
    timers,
    random: options.random,
    waits: parts.helloBackoff,
    sayHello: () =>
      parts.onHelloSent(
        sender.send({
          type: "hello",
          protocolMajor: protocolVersion.major,
          protocolMinor: protocolVersion.minor,
          deviceId,
          firmware: options.firmware,
          sessionId,
          channels: options.channels,
          ...options.model?.(),
        }),
      ),
  });

  return {
    get state() {
      return status.current;
    },
    introduce: (reason) => {
      status.become("introducing", reason);
      sender.isBound = false;
      parts.onIntroduce();
      hellos.start();
    },
    configure: (config) => {
      if (config.sessionId !== sessionId) return "a configuration for another session";
      const refusal = options.refuseConfig?.(config);
      if (refusal !== undefined) return refusal;
      hellos.stop();
      status.become("streaming", `configured: ${config.mode}`);
      options.onConfig?.(config);
      parts.onConfigured();
      return undefined;
    },
    refuse: (reason) => {
      if (status.current !== "introducing") return;
      hellos.stop();
      status.become("refused", reason);
      parts.onRefused();
    },
    rest: (next, reason) => {
      hellos.stop();
      status.become(next, reason);
    },
    createError: () =>
      status.current === "refused"
        ? new AuroraError("DEVICE_PROTOCOL", `the gateway refused ${deviceId}: ${status.reason}`, {
            op: "stream to gateway",
            subject: deviceId,
            hint: "see what the gateway expects at this address, and which protocol version it speaks",
          })
        : new AuroraError("DEVICE_UNREACHABLE", `${deviceId} is closed`, {
            op: "stream to gateway",
            subject: deviceId,
          }),
  };
}
