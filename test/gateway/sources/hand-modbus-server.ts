/**
 * A Modbus TCP server written by hand from the specification, for what no good server does: it answers as it is told, byte
 * by byte.
 */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A request for registers, as it came. */
export interface HeardRequest {
  readonly transaction: number;
  readonly unitId: number;
  readonly functionCode: number;
  readonly address: number;
  readonly count: number;
}

export interface HandModbusServer {
  readonly port: number;
  readonly requests: HeardRequest[];
  readonly connections: number;
}

/** Says what to send back; undefined: nothing. */
export type Answerer = (request: HeardRequest, socket: Socket) => Buffer | undefined;

export async function startHandModbusServer(answer: Answerer): Promise<HandModbusServer> {
  const sockets = new Set<Socket>();
  const requests: HeardRequest[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (data) => {
      // A request has 12 bytes, and the client waits for an answer before the next one.
      const request = {
        transaction: data.readUInt16BE(0),
        unitId: data[6]!,
        functionCode: data[7]!,
        address: data.readUInt16BE(8),
        count: data.readUInt16BE(10),
      };
      requests.push(request);
      const bytes = answer(request, socket);
      if (bytes !== undefined) socket.write(bytes);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    requests,
    get connections() {
      return connections;
    },
  };
}

/** A frame with the header that belongs to `request`. */
export function frame({ transaction, unitId }: HeardRequest, pdu: readonly number[]): Buffer {
  const bytes = Buffer.alloc(7 + pdu.length);
  bytes.writeUInt16BE(transaction, 0);
  bytes.writeUInt16BE(pdu.length + 1, 4);
  bytes[6] = unitId;
  Buffer.from(pdu).copy(bytes, 7);
  return bytes;
}

/** A good answer with these registers. */
export function registersFrame(request: HeardRequest, registers: readonly number[]): Buffer {
  const bytes = registers.flatMap((register) => [register >> 8, register & 0xff]);
  return frame(request, [request.functionCode, bytes.length, ...bytes]);
}

export function exceptionFrame(request: HeardRequest, code: number): Buffer {
  return frame(request, [request.functionCode | 0x80, code]);
}
