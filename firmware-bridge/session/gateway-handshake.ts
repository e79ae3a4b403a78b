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
import { createHelloRepeater, createToldState, type HelloRepeater, type ToldState } from "./handshake.ts";
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

export interface GatewayHandshake {
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
  /** There is no connection: why, and what to do, as far as that is known. */
  rest(next: "connecting" | "closed", reason: string, hint?: string): void;
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
  return new Handshake(options, parts);
}

class Handshake implements GatewayHandshake {
  readonly #options: DeviceSessionOptions;
  readonly #parts: GatewayHandshakeParts;
  readonly #sessionId: number;
  readonly #status: ToldState<DeviceSessionState>;
  readonly #hellos: HelloRepeater;
  #toldRefusal = "";
  #keepLink: (() => void) | undefined;
  hello: HelloMessage | undefined;

  constructor(options: DeviceSessionOptions, parts: GatewayHandshakeParts) {
    const { random } = options;
    const { timers, helloBackoff } = parts;
    this.#options = options;
    this.#parts = parts;
    this.#sessionId = Math.floor(random.uniform() * 2 ** 32);
    this.#status = createToldState("closed", (...told) => options.onState?.(...told));
    const sayHello = (): void => this.#sayHello();
    this.#hellos = createHelloRepeater({ timers, random, waits: helloBackoff, sayHello });
  }

  get state(): DeviceSessionState {
    return this.#status.current;
  }

  introduce(reason: string): void {
    const { sender, onIntroduce } = this.#parts;
    onIntroduce();
    sender.isBound = false;
    this.#status.become("waiting-for-hello", reason);
    this.#hellos.start();
  }

  receive(offered: HelloMessage, sequence: number): "refused" | "new" | "back" {
    const { sender, onNewSession } = this.#parts;
    const { link } = this.#options;
    this.#hellos.stop();
    const refused = refuseHello(offered, this.#options, link.name);
    if (refused !== undefined) {
      this.#refuse(offered, sequence, refused);
      return "refused";
    }
    this.stop();
    this.#toldRefusal = "";
    const isNew = this.hello?.sessionId !== offered.sessionId || this.hello.deviceId !== offered.deviceId;
    this.hello = offered;
    if (isNew) onNewSession();
    sender.isBound = offered.protocolMinor >= boundSinceMinor;
    if (sender.isBound) link.bind(offered.sessionId);
    this.#status.become("established", isNew ? "the device introduced itself" : "the device is back");
    return isNew ? "new" : "back";
  }

  receiveUnreadable(error: string): void {
    if (this.state === "established") return;
    const reason = `its hello breaks the protocol: ${error}`;
    const hint = "hold its hello against firmware-bridge/PROTOCOL.md, section 4";
    this.#turnAway({ reason, hint }, { who: this.#options.link.name, found: reason });
  }

  stop(): void {
    this.#hellos.stop();
    this.#keepLink?.();
    this.#keepLink = undefined;
  }

  rest(next: "connecting" | "closed", reason: string, hint?: string): void {
    this.#status.become(next, reason, hint);
  }

  report(problem: string, hint: string): void {
    const { link, onProblem } = this.#options;
    const subject = this.hello?.deviceId ?? link.name;
    onProblem?.(
      new AuroraError("DEVICE_PROTOCOL", `device ${subject}: ${problem}`, {
        op: "talk to device",
        subject,
        hint,
      }),
    );
  }

  #sayHello(): void {
    this.#parts.sender.send({
      type: "hello",
      protocolMajor: protocolVersion.major,
      protocolMinor: protocolVersion.minor,
      deviceId: this.#options.gatewayId,
      firmware: this.#options.runtimeVersion,
      sessionId: this.#sessionId,
      channels: [],
    });
  }

  #refuse(offered: HelloMessage, sequence: number, refusal: Refusal): void {
    const { sender } = this.#parts;
    const { reason } = refusal;
    const found = refusal.isStranger ? `${offered.deviceId} is there: ${reason}` : reason;
    sender.isBound = false;
    sender.send({ type: "nack", sequence, reason });
    this.hello = offered;
    this.#turnAway(refusal, { who: offered.deviceId, found });
    if (refusal.isStranger) this.#leaveLinkLater(found);
  }

  /** @param found the reason, for those who are not told `who` beside it */
  #turnAway(
    { reason, hint }: Omit<Refusal, "isStranger">,
    { who, found }: { readonly who: string; readonly found: string },
  ): void {
    const isKnown = this.state === "refused";
    this.#status.become("refused", found);
    // It is met again with every connection.
    const told = `${who}: ${reason}`;
    if (!isKnown && told !== this.#toldRefusal) this.report(reason, hint);
    this.#toldRefusal = told;
  }

  /**
   * A name of a line can lead to a stranger for a moment: a terminal's number goes to whoever opens the next one. Kept, its
   * line would stay locked for the stranger's own gateway, and the expected device would never be looked for again.
   */
  #leaveLinkLater(reason: string): void {
    const { timers, strangerMs } = this.#parts;
    this.#keepLink ??= timers.after(strangerMs, () => {
      this.#keepLink = undefined;
      this.#options.link.drop(reason);
    });
  }
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
