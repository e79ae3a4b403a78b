/** What doctor makes of an answer; a real server answers in test/long/opcua.test.ts. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { greetOpcUa } from "../../../src/cli/doctor/opcua-hello.ts";
import { findFreePort } from "../../support/free-port.ts";

async function listen(answer: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `opc.tcp://127.0.0.1:${(server.address() as AddressInfo).port}/site`;
}

function encodeError(code: number, reason: string): Buffer {
  const message = Buffer.alloc(16 + reason.length);
  message.write("ERRF");
  for (const [at, word] of [message.length, code, reason.length].entries())
    message.writeUInt32LE(word, 4 + 4 * at);
  message.write(reason, 16);
  return message;
}

test("a greeting names the endpoint, and an acknowledgement in pieces is one", async () => {
  const greetings: Buffer[] = [];
  const url = await listen((socket) =>
    socket.once("data", (greeting) => {
      greetings.push(greeting);
      socket.write("ACK", () => setImmediate(() => socket.write(Buffer.from("F\x1c\0\0\0"))));
    }),
  );
  expect(await greetOpcUa(url, 10_000)).toEqual({ kind: "opcua" });
  const [greeting] = greetings;
  expect(greeting!.toString("latin1", 0, 4)).toBe("HELF");
  expect(greeting!.readUInt32LE(4)).toBe(greeting!.length);
  expect(greeting!.toString("utf8", 32)).toBe(url);
});

test.each<[string, (socket: Socket) => void, object]>([
  [
    "a refusal",
    (socket) => socket.write(encodeError(0x80830000, "no such endpoint")),
    {
      kind: "refused",
      reason: "it knows no such address: no such endpoint (0x80830000)",
      isUnknownPath: true,
    },
  ],
  [
    "one that is busy",
    (socket) => socket.write(encodeError(0x807d0000, "")),
    { kind: "refused", reason: "it is too busy (0x807d0000)", isUnknownPath: false },
  ],
  [
    "a code of its own",
    (socket) => socket.write(encodeError(0x81000000, "go away")),
    { kind: "refused", reason: "go away (0x81000000)", isUnknownPath: false },
  ],
  ["another protocol", (socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"), { kind: "stranger" }],
  ["another protocol, after which it hangs up", (socket) => socket.end("hello"), { kind: "stranger" }],
  ["one that hangs up without a word", (socket) => socket.end(), { kind: "silent", isConnected: true }],
  [
    "one that breaks off without a word",
    (socket) => socket.once("data", () => socket.resetAndDestroy()),
    { kind: "silent", isConnected: true },
  ],
])("%s is told as what it is", async (_name, answer, expected) => {
  expect(await greetOpcUa(await listen(answer), 10_000)).toEqual(expected);
});

test("one that says nothing, and one that is not there", async () => {
  expect(await greetOpcUa(await listen(() => {}), 300)).toEqual({ kind: "silent", isConnected: true });
  const nobody = `opc.tcp://127.0.0.1:${await findFreePort()}/site`;
  expect(await greetOpcUa(nobody, 10_000)).toMatchObject({ kind: "unreachable" });
});
