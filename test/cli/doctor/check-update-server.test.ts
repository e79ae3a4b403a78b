/** Each against a real server. */
import { createServer as createWebServer } from "node:http";
import { createServer, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { checkUpdateServer } from "../../../src/cli/doctor/check-update-server.ts";

async function listen(server: Server): Promise<string> {
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** The line of the server itself. */
async function look(url: string): Promise<string> {
  const [{ verdict, text, advice = "" } = { verdict: "", text: "" }] = await checkUpdateServer(url);
  return `${verdict}: ${text}\n${advice}`;
}

test("a collector that serves updates is good, unless they have expired or are none; its address without /tuf, and one that serves none, are told apart", async () => {
  const served = new Set(["/tuf/metadata/timestamp.json"]);
  let timestamp = JSON.stringify({ signed: { expires: new Date(Date.now() + 86_400_000).toISOString() } });
  const host = await listen(
    createWebServer(
      (request, response) => void response.writeHead(served.has(request.url!) ? 200 : 404).end(timestamp),
    ),
  );
  for (const url of [`http://${host}/tuf`, `http://${host}/tuf/`]) {
    expect(await checkUpdateServer(url)).toMatchObject([
      { verdict: "good", text: `${host} answers` },
      { verdict: "good", name: "clock and that of the update server" },
    ]);
  }
  timestamp = JSON.stringify({ signed: { expires: "2020-01-01T00:00:00Z" } });
  expect(await look(`http://${host}/tuf`)).toMatch(
    /^warning: .*timestamp\.json has expired on 2020-01-01: .*\n.*past the end of its root/,
  );
  for (timestamp of ["<html>", "{}", " ".repeat(1_000_000)])
    expect(await look(`http://${host}/tuf`)).toMatch(/^warning: what is at .* is no metadata of updates\n/);
  expect(await look(`http://${host}`)).toMatch(
    /^warning: there are no updates at http:.*\/metadata\/timestamp\.json: .* 404\n.*with \/tuf behind it/,
  );
  served.clear();
  expect(await look(`http://${host}/tuf`)).toMatch(
    /^warning: .* 404\n.*registry\.keysDir and registry\.publish/,
  );
  expect(await look(`https://${host}/tuf`)).toMatch(/^warning: .*no TLS is spoken on this port\nWrite http:/);
});

test("a server that answers, and then no more, is not told as one that hangs up", async () => {
  const host = await listen(createWebServer((_request, response) => void response.writeHead(200).write("{")));
  expect(await checkUpdateServer(`http://${host}/tuf`, null, 300)).toMatchObject([
    { verdict: "warning", text: expect.stringMatching(/: (silent for|not finished after) 300 ms$/) },
  ]);
});

test("what a refusal says besides its status is not waited for", async () => {
  const host = await listen(createWebServer((_request, response) => void response.writeHead(404).write("{")));
  expect(await look(`http://${host}/tuf`)).toMatch(/^warning: .* 404\n/);
});

test("a broker's port, which hangs up or answers otherwise, is told as such", async () => {
  for (const answer of ["", "\x20\x02\x00\x01"]) {
    const host = await listen(
      createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => socket.end(answer));
      }),
    );
    expect(await look(`http://${host}/tuf`)).toMatch(
      /^warning: .*is no web server, or hangs up \(\w+\)\nIs this the broker's port/,
    );
  }
});
