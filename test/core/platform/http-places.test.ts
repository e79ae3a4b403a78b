import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { boundHttpConnections, type HttpPlaces } from "../../../src/core/platform/http-places.ts";
import { openHalf } from "../../support/half-open.ts";
import { until } from "../../support/until.ts";

async function serve(
  max: number,
): Promise<{ url: string; places: HttpPlaces; release: () => void; asked: () => number }> {
  const held: (() => void)[] = [];
  const server: Server = createServer((request, response) => {
    if (request.url === "/slow") held.push(() => void response.end("late"));
    else if (request.method === "POST") request.on("data", () => {}).on("end", () => response.end("taken"));
    else response.end("here");
  });
  const places = boundHttpConnections(server, max);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const release = (): void => {
    for (const answer of held.splice(0)) answer();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    places,
    release,
    asked: () => held.length,
  };
}

test.each([
  ["no complete headers", "GET / HTTP/1.1\r\nHost:"],
  ["no complete body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nten bytes."],
  ["nothing more to ask", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
])("connections with %s make room, the oldest first", async (_what, text) => {
  const { url, places } = await serve(8);
  const sockets = await openHalf(url, 20, text);
  expect(await (await fetch(url)).text()).toBe("here");
  expect(places).toMatchObject({ refused: 0 });
  expect(places.evicted).toBeGreaterThanOrEqual(12);
  await until(
    () => sockets.filter((socket) => socket.closed).length === places.evicted,
    "the evicted are cut",
  );
  expect(sockets.slice(0, 12).every((socket) => socket.closed)).toBe(true);
});

test("a request that is being answered keeps its place, and whoever comes then is refused", async () => {
  const { url, places, release, asked } = await serve(2);
  const slow = [fetch(`${url}/slow`), fetch(`${url}/slow`)];
  await until(() => asked() === 2, "both are asked");
  await openHalf(url, 5);
  expect(places).toEqual({ evicted: 0, refused: 5, unread: 0 });
  release();
  expect(await Promise.all(slow.map(async (answer) => (await answer).text()))).toEqual(["late", "late"]);
});

test("those that do not read their answers are cut when too much waits for them, and nobody else", async () => {
  const server = createServer((request, response) => {
    response.end(request.url === "/" ? "here" : Buffer.alloc(16 * 1024 * 1024));
  });
  const places = boundHttpConnections(server, 8, 24 * 1024 * 1024);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    server.closeAllConnections();
  });
  for (let index = 0; index < 6; index++) {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket.on("error", () => {}).pause());
    socket.once("connect", () => socket.write("GET /large HTTP/1.1\r\nHost: x\r\n\r\n"));
  }
  await until(() => places.unread >= 4, "most are cut");
  expect(places).toEqual({ evicted: 0, refused: 0, unread: places.unread });
  expect(places.unread).toBeLessThan(6);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("here");
});
