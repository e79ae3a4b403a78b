/** Why a gateway refuses a device that introduces itself. */
import type { HelloMessage } from "../src/core/contract/device/device-message.ts";
import { protocolVersion } from "./protocol.ts";

/** The reason, and what helps; undefined: it is welcome. `linkName` says where it is. */
export function refuseHello(
  offered: HelloMessage,
  expectedDeviceId: string | undefined,
  linkName: string,
): readonly [reason: string, hint: string] | undefined {
  const { major, minor } = protocolVersion;
  if (offered.protocolMajor !== major) {
    const newer = offered.protocolMajor > major;
    return [
      `protocol ${offered.protocolMajor}.${offered.protocolMinor} is ${newer ? "newer" : "older"} than ${major}.${minor}, the only one spoken here`,
      newer ? "update the gateway" : "update the device's firmware",
    ];
  }
  if (expectedDeviceId !== undefined && offered.deviceId !== expectedDeviceId)
    return [`"${expectedDeviceId}" is expected at ${linkName}`, "check the wiring or the configuration"];
  return undefined;
}
