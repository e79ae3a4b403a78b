/**
 * The gateway's side of the handshake: says hello until the device has said its own, welcomes or refuses the device,
 * and says where the session stands. Configures nothing and takes no data.
 */
import { AuroraError } from "../../src/core/contract/aurora-error.ts";
import type { HelloMessage } from "../../src/core/contract/device/device-message.ts";
import type { BackoffOptions } from "../../src/core/platform/backoff.ts";
import type { Timers } from "../../src/core/platform/clock.ts";
import { protocolVersion } from "../protocol.ts";
import type { DeviceSessionOptions, DeviceSessionState } from "./device-session-options.ts";
import { createHelloRepeater, createToldState } from "./handshake.ts";
import type { PacketSender } from "./packet-sender.ts";

/** What the handshake shares with the rest of the session. */
interface GatewayHandshakeParts {
  readonly sender: PacketSender;
  readonly timers: Timers;
  readonly helloBackoff: BackoffOptions;
  /** How long a connection with another device than the expected one is kept. */
  readonly strangerMs: number;
  /** The conversation starts over: until the device's hello nothing is delivered. */
  onIntroduce(): void;
  /** A device (or a new boot of it) is about to be welcomed. */
  onNewSession(): void;
}

interface GatewayHandshake {
  readonly state: DeviceSessionState;
  /** The last hello of the device. */
  readonly hello: HelloMessage | undefined;
  introduce(reason: string): void;
  /** Takes a device's hello: refuses it, or welcomes the device for the first time in its session or again. */
  receive(offered: HelloMessage, sequence: number): "refused" | "new" | "back";
  /** A hello came that breaks the rules: nobody knows whose it is. What is established stays so. */
  receiveUnreadable(reason: string): void;
  /** Stops saying hello, and keeps the connection whoever is there. */
  stop(): void;
  /** There is no connection. */
  rest(next: "connecting" | "closed", reason: string): void;
  /** Reports a problem of the device that a person should see. */
  report(problem: string, hint: string): void;
}

/** Packets are bound to the session since this minor version. */
const boundSinceMinor = 1;

/** Creates a handshake of a session that is closed. */
export function createGatewayHandshake(
  options: DeviceSessionOptions,
  parts: GatewayHandshakeParts,
): GatewayHandshake {
  const { link, random } = options;
  const { sender, timers } = parts;
  const sessionId = Math.floor(random.uniform() * 2 ** 32);
  let hello: HelloMessage | undefined;
  let toldRefusal = "";
  let keepLink: (() => void) | undefined;
  const status = createToldState<DeviceSessionState>("closed", (state, reason) =>
    options.onState?.(state, reason),
  );
  const hellos = createHelloRepeater({
    timers,
    random,
    waits: parts.helloBackoff,
    sayHello: () =>
      sender.send({
        type: "hello",
        protocolMajor: protocolVersion.major,
        protocolMinor: protocolVersion.minor,
        deviceId: options.gatewayId,
        firmware: options.runtimeVersion,
        sessionId,
        channels: [],
      }),
  });

  function report(problem: string, hint: string): void {
    const subject = hello?.deviceId ?? link.name;
    options.onProblem?.(
      new AuroraError("DEVICE_PROTOCOL", `device ${subject}: ${problem}`, {
        op: "talk to device",
        subject,
        hint,
      }),
    );
  }

  function refuse(offered: HelloMessage, sequence: number, refusal: Refusal): void {
    const { reason } = refusal;
    const found = refusal.isStranger ? `${offered.deviceId} is there: ${reason}` : reason;
    sender.isBound = false;
    sender.send({ type: "nack", sequence, reason });
    hello = offered;
    turnAway(refusal, { who: offered.deviceId, found });
    if (refusal.isStranger) leaveLinkLater(found);
  }

  /** @param found the reason, for those who are not told `who` beside it */
  function turnAway(
    { reason, hint }: Omit<Refusal, "isStranger">,
    { who, found }: { readonly who: string; readonly found: string },
  ): void {
    const isKnown = status.current === "refused";
    status.become("refused", found);
    // It is met again with every connection.
    const told = `${who}: ${reason}`;
    if (!isKnown && told !== toldRefusal) report(reason, hint);
    toldRefusal = told;
  }

  /**
   * A name of a line can lead to a stranger for a moment: a terminal's number goes to whoever opens the next one. Kept, its
   * line would stay locked for the stranger's own gateway, and the expected device would never be looked for again.
   */
  function leaveLinkLater(reason: string): void {
    keepLink ??= timers.after(parts.strangerMs, () => {
      keepLink = undefined;
      link.drop(reason);
    });
  }

  function stop(): void {
    hellos.stop();
    keepLink?.();
    keepLink = undefined;
  }

  return {
    get state() {
      return status.current;
    },
    get hello() {
      return hello;
    },
    introduce: (reason) => {
      parts.onIntroduce();
      sender.isBound = false;
      status.become("waiting-for-hello", reason);
      hellos.start();
    },
    receive: (offered, sequence) => {
      hellos.stop();
      const refused = refuseHello(offered, options, link.name);
      if (refused !== undefined) {
        refuse(offered, sequence, refused);
        return "refused";
      }
      stop();
      toldRefusal = "";
      const isNew = hello?.sessionId !== offered.sessionId || hello.deviceId !== offered.deviceId;
      hello = offered;
      if (isNew) parts.onNewSession();
      sender.isBound = offered.protocolMinor >= boundSinceMinor;
      if (sender.isBound) link.bind(offered.sessionId);
      status.become("established", isNew ? "the device introduced itself" : "the device is back");
      return isNew ? "new" : "back";
    },
    receiveUnreadable: (error) => {
      if (status.current === "established") return;
      const reason = `its hello breaks the protocol: ${error}`;
      const hint = "hold its hello against firmware-bridge/PROTOCOL.md, section 4";
      turnAway({ reason, hint }, { who: link.name, found: reason });
    },
    stop,
    rest: status.become,
    report,
  };
}

interface Refusal {
  readonly reason: string;
  readonly hint: string;
  /** Another device than the expected one, which may be found elsewhere. */
  readonly isStranger: boolean;
}

/** Why the device at `linkName` is refused; undefined: it is welcome. */
function refuseHello(
  offered: HelloMessage,
  { expectedDeviceId, gatewayId }: Pick<DeviceSessionOptions, "expectedDeviceId" | "gatewayId">,
  linkName: string,
): Refusal | undefined {
  const { major, minor } = protocolVersion;
  if (offered.protocolMajor !== major) {
    const newer = offered.protocolMajor > major;
    return {
      reason: `protocol ${offered.protocolMajor}.${offered.protocolMinor} is ${newer ? "newer" : "older"} than ${major}.${minor}, the only one spoken here`,
      hint: newer ? "update the gateway" : "update the device's firmware",
      isStranger: false,
    };
  }
  if (offered.deviceId === gatewayId && offered.channels.length === 0)
    return {
      reason: "what the gateway says comes back, and nothing else",
      hint: "look for transmit and receive that touch, and for the echo of a modem, a terminal or a serial server",
      isStranger: false,
    };
  if (expectedDeviceId !== undefined && offered.deviceId !== expectedDeviceId)
    return {
      reason: `"${expectedDeviceId}" is expected at ${linkName}`,
      hint: "check the wiring or the configuration",
      isStranger: true,
    };
  return undefined;
}
