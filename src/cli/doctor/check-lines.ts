/** The lines of devices and of field buses: are serial ports there and open to this user, does a TCP address answer, and an OPC UA server a greeting, and does it open the gateway's session? */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { findNearest } from "../../core/contract/config/config-finding.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import {
  type FieldBuses,
  type FieldBusKey,
  fieldBusNames,
  joinFieldBuses,
} from "../../core/contract/config/mapped-channels.ts";
import type { OpcUaConfig } from "../../core/contract/config/opcua-config.ts";
import { hostOf } from "../../core/contract/url-host.ts";
import { loadOpcUa } from "../../gateway/sources/opcua-client.ts";
import { findStablePorts } from "../device/stable-ports.ts";
import { bad, type CheckResult, good, skipped, warning } from "./check-result.ts";
import { greetOpcUa } from "./opcua-hello.ts";
import { limitSession, openSessions, type SecuredServer } from "./open-opcua.ts";

const answerMs = 2_000;
/** For what is no session. */
const linesMs = 30_000;
/** A small machine reads the package of OPC UA slowly. */
const loadMs = 60_000;

/** How long {@link checkLines} may take: it waits for a server as long as the gateway does. */
export function limitLines({ opcua }: Pick<FieldBuses, "opcua">): number {
  const sessions = opcua.filter(({ security }) => security !== "none").map(limitSession);
  return sessions.length === 0 ? linesMs : linesMs + loadMs + Math.max(...sessions);
}

interface LinesOptions {
  /** The gateway holds the lines: only what does not disturb it is looked at. Null: whether it does is not known. */
  readonly isRunning: boolean | null;
  /** Default: the package of this installation. */
  readonly load?: typeof loadOpcUa;
}

/** Looks for an answer of every line first, then opens the sessions: while their package is loaded nothing else is heard. */
export async function checkLines(
  config: Pick<GatewayConfig, "devices"> & FieldBuses,
  { isRunning, load = loadOpcUa }: LinesOptions,
): Promise<readonly CheckResult[]> {
  const checkServer = <T, R>(name: string, check: (name: string, at: T) => Promise<R>, at: T) =>
    isRunning === true ? skipped(name, "the running gateway holds it") : check(name, at);
  const nameOf = (key: FieldBusKey): string => `${fieldBusNames[key].protocol} server`;
  const lines = await Promise.all([
    ...config.devices.map(({ id, connect }) => {
      const name = `line of ${id}`;
      if (connect === "mqtt") return skipped(name, "by the broker");
      return connect.startsWith("tcp:")
        ? checkServer(name, checkTcp, connect)
        : checkSerialPort(name, connect);
    }),
    ...joinFieldBuses<Promise<CheckResult | SecuredServer> | CheckResult>({
      modbus: config.modbus.map(({ url }) => checkServer(nameOf("modbus"), checkTcp, url)),
      opcua: config.opcua.map((server) => checkServer(nameOf("opcua"), checkOpcUa, server)),
    }),
  ]);
  if (lines.length === 0) return [skipped("devices", "none are configured")];
  if (isRunning === false) return openSessions(lines, load);
  const unknown = "no session is opened, as whether the gateway runs is not known";
  return lines.map((line) =>
    "server" in line ? good(line.answer.name, `${line.answer.text}; ${unknown}`) : line,
  );
}

async function checkSerialPort(name: string, path: string): Promise<CheckResult> {
  try {
    const found = await stat(path);
    if (!found.isCharacterDevice())
      return bad(name, `${path} is no serial port`, "Name the device's port under connect.");
    await access(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM") {
      const advice = `Add the gateway's user to the group of serial ports (usermod -aG dialout USER) and log in again; begin a container with --group-add and the number of the group that the port has here (stat -c %g ${path}).`;
      return bad(name, `user ${process.getuid?.() ?? ""} may not open ${path}`, advice);
    }
    return describeMissing(name, path);
  }
  const stable = (await findStablePorts()).get(path);
  if (stable === undefined || stable === path) return good(name, path);
  const advice = `Write connect: ${stable}, which stays when ports are numbered anew.`;
  return warning(name, `${path} may be another device after the next start`, advice);
}

async function describeMissing(name: string, path: string): Promise<CheckResult> {
  const ports = [...(await findStablePorts()).values()];
  const meant = findNearest(path, ports);
  const known =
    ports.length === 0
      ? `No serial device is plugged in: check cable and power. A container has those alone that it is begun with (--device ${path}).`
      : `There ${ports.length === 1 ? "is only" : "are"} ${ports.join(", ")}.`;
  return bad(name, `there is no ${path}`, meant === undefined ? known : `Did you mean ${meant}?`);
}

const advice =
  "Check its power, its address and the network between; a serial server must be in raw mode, a field bus allow one more client.";

async function checkOpcUa(name: string, server: OpcUaConfig): Promise<CheckResult | SecuredServer> {
  const { url, security } = server;
  const greeting = await greetOpcUa(url, answerMs);
  switch (greeting.kind) {
    case "opcua": {
      const answer = good(name, `${url} answers as an OPC UA server`);
      return security === "none" ? answer : { answer, server };
    }
    case "refused": {
      const { reason, isUnknownPath } = greeting;
      const cure = isUnknownPath ? "Check the path of the address." : advice;
      return bad(name, `${url} refuses the greeting: ${reason}`, cure);
    }
    case "stranger":
      return bad(name, `${url} does not speak OPC UA`, "Check host and port: something else listens there.");
    case "silent": {
      const problem = greeting.isConnected ? "is open, but answers no greeting of OPC UA" : "does not answer";
      return bad(name, `${url} ${problem}`, advice);
    }
    case "unreachable":
      return bad(name, `${url}: ${greeting.error.message}`, advice);
  }
}

function checkTcp(name: string, connect: string): Promise<CheckResult> {
  const url = new URL(connect);
  return new Promise((resolve) => {
    const socket = connectTcp({ host: hostOf(url), port: Number(url.port) });
    const end = (result: CheckResult): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(answerMs, () => end(bad(name, `${connect} does not answer`, advice)));
    socket.once("connect", () => end(good(name, `${connect} answers`)));
    socket.once("error", (error) => end(bad(name, `${connect}: ${error.message}`, advice)));
  });
}
