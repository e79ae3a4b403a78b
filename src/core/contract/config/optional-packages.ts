/** The packages that a gateway loads only where its configuration reads a field bus with them. Loads none. */
import { AuroraError } from "../aurora-error.ts";
import type { FieldBusKey } from "./mapped-channels.ts";

interface OptionalPackage {
  readonly name: string;
  readonly protocol: string;
  /** What to do where it is not there, or does not load. */
  readonly install: string;
}

export const modbusPackage: OptionalPackage = {
  name: "modbus-serial",
  protocol: "Modbus TCP",
  install:
    "install the optional package beside aurora-edge, npm install -g modbus-serial@8, and start the gateway again",
};

export const opcuaPackage: OptionalPackage = {
  name: "node-opcua-client",
  protocol: "OPC UA",
  install:
    "install the optional package beside aurora-edge, npm install -g node-opcua-client@2.182 (Node 20) or a later one of version 2 (Node 22.13 and later), and start the gateway again",
};

/** By the key of the configuration that needs it. */
export const optionalPackages: Readonly<Record<FieldBusKey, OptionalPackage>> = {
  modbus: modbusPackage,
  opcua: opcuaPackage,
};

/** The error of one that did not load; `cause` itself where it says what is to be done. */
export function refusePackage({ name, protocol, install }: OptionalPackage, cause: unknown): AuroraError {
  if (cause instanceof AuroraError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const problem =
    code === "MODULE_NOT_FOUND" ? "is not installed" : `does not load: ${message.split("\n", 1)[0]}`;
  return new AuroraError("CONFIG_INVALID", `${name}, which reads ${protocol}, ${problem}`, {
    op: `read ${protocol}`,
    subject: name,
    hint: `To read ${protocol}, ${install}.`,
    cause,
  });
}
