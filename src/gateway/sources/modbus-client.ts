/**
 * The one door to `modbus-serial`, an optional package: reads registers over TCP. The connection is opened here, so that
 * a server that sends what nobody asked for is cut off. Writes nothing: this client knows no function that does.
 */
import { once } from "node:events";
import { createRequire } from "node:module";
import { createConnection, type Socket } from "node:net";
import { modbusPackage, refusePackage } from "../../core/contract/config/optional-packages.ts";
import { findOptionalPackage } from "../../core/platform/daemon/check-packages.ts";

/** What is used of the package; declared here, since it need not be installed. */
interface ModbusLibrary {
  setID(unitId: number): void;
  setTimeout(timeoutMs: number): void;
  linkTCP(socket: Socket, options: object): Promise<void>;
  readHoldingRegisters(address: number, count: number): Promise<{ readonly buffer: unknown }>;
  readInputRegisters(address: number, count: number): Promise<{ readonly buffer: unknown }>;
  on(event: "error", listener: () => void): void;
}

/** What a server refuses, by the number of its exception (Modbus Application Protocol 1.1b3, section 7). */
const exceptionNames: Readonly<Record<number, string>> = {
  1: "illegal function",
  2: "illegal data address",
  3: "illegal data value",
  4: "server device failure",
  5: "acknowledge",
  6: "server device busy",
  8: "memory parity error",
  10: "gateway path unavailable",
  11: "gateway target device failed to respond",
};

/** What was asked for: registers, a refusal, or no (usable) answer. */
type RegisterAnswer =
  | { readonly kind: "registers"; readonly registers: readonly number[] }
  | { readonly kind: "exception"; readonly code: number; readonly detail: string }
  | { readonly kind: "failed"; readonly detail: string };

export interface ModbusConnection {
  /** One request at a time; never rejects. */
  read(request: RegisterRequest): Promise<RegisterAnswer>;
  readonly isOpen: boolean;
  close(): void;
}

interface RegisterRequest {
  readonly unitId: number;
  readonly table: "holding" | "input";
  readonly address: number;
  /** 1 to 125. */
  readonly count: number;
}

/** An answer has at most 260 bytes; more than so many since the last request are a flood. */
const floodBytes = 16_384;

/** Opens connections to Modbus TCP servers. */
export type OpenModbus = (
  server: { readonly host: string; readonly port: number },
  timeoutMs: number,
) => Promise<ModbusConnection>;

/** @throws AuroraError CONFIG_INVALID when the package is not installed. */
export function loadModbus(): OpenModbus {
  let Library: new () => ModbusLibrary;
  try {
    const require = createRequire(findOptionalPackage(modbusPackage.name));
    Library = require("modbus-serial") as typeof Library;
  } catch (cause) {
    throw refusePackage(modbusPackage, cause);
  }
  return (server, timeoutMs) => connect(Library, server, timeoutMs);
}

/** Rejects with a plain error when the server does not answer in time. */
async function connect(
  Library: new () => ModbusLibrary,
  { host, port }: { readonly host: string; readonly port: number },
  timeoutMs: number,
): Promise<ModbusConnection> {
  const socket = createConnection({ host, port, noDelay: true });
  const late = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
  try {
    await once(socket, "connect");
  } finally {
    clearTimeout(late);
  }
  let loss = "";
  let unasked = 0;
  /** The package tells nobody who waits for an answer that the connection is gone. */
  let giveUp = (_answer: RegisterAnswer): void => {};
  socket.on("error", (error) => {
    loss = error.message;
  });
  const describeLoss = (): RegisterAnswer => ({
    kind: "failed",
    detail: loss === "" ? "the server hung up" : loss,
  });
  socket.once("close", () => giveUp(describeLoss()));
  socket.on("data", (data) => {
    unasked += data.length;
    if (unasked > floodBytes) socket.destroy(new Error("the server sends more than was asked for"));
  });
  const client = new Library();
  client.on("error", () => undefined);
  client.setTimeout(timeoutMs);
  await client.linkTCP(socket, {});
  return {
    get isOpen() {
      return !socket.destroyed && socket.writable;
    },
    read: async ({ unitId, table, address, count }) => {
      if (socket.destroyed) return describeLoss();
      unasked = 0;
      client.setID(unitId);
      const ask =
        table === "holding"
          ? client.readHoldingRegisters(address, count)
          : client.readInputRegisters(address, count);
      return new Promise((resolve) => {
        giveUp = resolve;
        ask.then(
          (answer) => resolve(readRegisters(answer.buffer, count)),
          (error: unknown) => resolve(describeFailure(error)),
        );
      });
    },
    close: () => {
      socket.destroy();
    },
  };
}

/** Of the bytes that the answer says it has; the package compares the answer's length, not what it says. */
function readRegisters(bytes: unknown, count: number): RegisterAnswer {
  if (!Buffer.isBuffer(bytes) || bytes.length !== count * 2) {
    const came = Buffer.isBuffer(bytes) ? bytes.length : 0;
    return { kind: "failed", detail: `${came} bytes came, ${count * 2} were asked for` };
  }
  return {
    kind: "registers",
    registers: Array.from({ length: count }, (_, at) => bytes.readUInt16BE(at * 2)),
  };
}

function describeFailure(error: unknown): RegisterAnswer {
  const { modbusCode: code, message } = error as {
    readonly modbusCode?: unknown;
    readonly message?: unknown;
  };
  if (typeof code === "number") {
    return {
      kind: "exception",
      code,
      detail: `exception ${code}, ${exceptionNames[code] ?? "of no known kind"}`,
    };
  }
  return { kind: "failed", detail: typeof message === "string" ? message.slice(0, 200) : "no answer" };
}
