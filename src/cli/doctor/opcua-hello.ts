/** Greets whoever listens at an address as an OPC UA client does (OPC 10000-6, 7.1.2), and tells what answers. Opens no channel. */
import { connect as connectTcp } from "node:net";
import { hostOf } from "../../core/contract/url-host.ts";

/** What came of a greeting. */
type OpcUaGreeting =
  | { readonly kind: "opcua" }
  /** A server of OPC UA that will not have this greeting, in its own words. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Whoever listens there says something else, or hangs up. */
  | { readonly kind: "stranger" }
  /** Not even a word within the time. */
  | { readonly kind: "silent"; readonly isConnected: boolean }
  | { readonly kind: "unreachable"; readonly error: Error };

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
    socket.once("error", (error) => end(isConnected ? { kind: "stranger" } : { kind: "unreachable", error }));
    socket.once("close", () => end({ kind: "stranger" }));
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
  const code = heard.length >= 12 ? `0x${heard.readUInt32LE(8).toString(16)}` : "no code";
  const words = heard.toString("utf8", 16, Math.min(length, mostBytes));
  return { kind: "refused", reason: words.length > 0 ? `${words} (${code})` : code };
}
