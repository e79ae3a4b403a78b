/** Greets whoever listens at an address as an OPC UA client does (OPC 10000-6, 7.1.2), and tells what answers. Opens no channel. */
import { connect as connectTcp } from "node:net";
import { hostOf } from "../../core/contract/url-host.ts";

/** What came of a greeting. */
type OpcUaGreeting =
  | { readonly kind: "opcua" }
  /** A server of OPC UA that will not have this greeting: what its code means, and its own words. */
  | { readonly kind: "refused"; readonly reason: string; readonly isUnknownPath: boolean }
  /** Whoever listens there says something else. */
  | { readonly kind: "stranger" }
  /** Not even a word within the time, or before it hung up. */
  | { readonly kind: "silent"; readonly isConnected: boolean }
  | { readonly kind: "unreachable"; readonly error: Error };

const unknownPath = 0x80830000;
/** Codes that answer a greeting (OPC 10000-6, 7.1.5). */
const meanings: ReadonlyMap<number, string> = new Map([
  [0x80130000, "its checks of security failed"],
  [0x807d0000, "it is too busy"],
  [0x807e0000, "it does not take this kind of message"],
  [0x80800000, "the message is too long for it"],
  [0x80810000, "it has not enough resources"],
  [0x80820000, "it has an error of its own"],
  [unknownPath, "it knows no such address"],
  [0x80ac0000, "it takes no connection"],
  [0x80be0000, "it speaks another version of the protocol"],
]);

const headerBytes = 8;
const mostBytes = 4096;

/** @param url `opc.tcp://HOST:PORT/PATH` */
export function greetOpcUa(url: string, limitMs: number): Promise<OpcUaGreeting> {
  const address = new URL(url);
  return new Promise((resolve) => {
    let heard = Buffer.alloc(0);
    let isConnected = false;
    const socket = connectTcp({ host: hostOf(address), port: Number(address.port) });
    const end = (greeting: OpcUaGreeting): void => {
      clearTimeout(limit);
      socket.destroy();
      resolve(greeting);
    };
    const limit = setTimeout(() => end({ kind: "silent", isConnected }), limitMs);
    socket.once("connect", () => {
      isConnected = true;
      socket.write(encodeHello(url));
    });
    socket.on("data", (some) => {
      heard = Buffer.concat([heard, some]);
      const greeting = readGreeting(heard);
      if (greeting !== null) end(greeting);
    });
    const hangUp = (): void => end(heard.length > 0 ? { kind: "stranger" } : { kind: "silent", isConnected });
    socket.once("error", (error) => (isConnected ? hangUp() : end({ kind: "unreachable", error })));
    socket.once("close", hangUp);
  });
}

function encodeHello(url: string): Buffer {
  const endpoint = Buffer.from(url);
  const message = Buffer.alloc(headerBytes + 24 + endpoint.length);
  message.write("HELF", 0, "latin1");
  // Length, version 0, buffers to receive and to send, no limit of a message's bytes and chunks, and the endpoint.
  const words = [message.length, 0, 65_536, 65_536, 0, 0, endpoint.length];
  for (const [at, word] of words.entries()) message.writeUInt32LE(word, 4 + 4 * at);
  endpoint.copy(message, headerBytes + 24);
  return message;
}

/** Null: more is needed. */
function readGreeting(heard: Buffer): OpcUaGreeting | null {
  if (heard.length < headerBytes) return null;
  const kind = heard.toString("latin1", 0, 4);
  if (kind === "ACKF") return { kind: "opcua" };
  if (kind !== "ERRF") return { kind: "stranger" };
  const length = heard.readUInt32LE(4);
  if (heard.length < Math.min(length, mostBytes)) return null;
  const code = heard.length >= 12 ? heard.readUInt32LE(8) : null;
  const words = heard.toString("utf8", 16, Math.min(length, mostBytes));
  const number = code === null ? "no code" : `0x${code.toString(16)}`;
  const meaning = code === null ? undefined : meanings.get(code);
  const said = [meaning ?? "", words].filter((each) => each !== "").join(": ");
  return {
    kind: "refused",
    reason: said === "" ? number : `${said} (${number})`,
    isUnknownPath: code === unknownPath,
  };
}
