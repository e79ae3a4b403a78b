/** A request of HTTP/1.1 with these lines of a header and no other. */
import { connect } from "node:net";

/** Gives the status and the body as it came. */
export async function askRaw(
  url: string,
  first: string,
  lines: readonly string[],
): Promise<{ readonly status: number; readonly body: string }> {
  const { port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  const close = first.endsWith("/1.0") ? [] : ["connection: close"];
  socket.write([first, ...lines, ...close, "", ""].join("\r\n"));
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString("latin1");
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
  return { status, body: text.slice(text.indexOf("\r\n\r\n") + 4) };
}

/** Hosts that a server with the name `wind.example` is asked by, and whether it answers. */
export const askedHosts: readonly (readonly [lines: readonly string[], isServed: boolean])[] = [
  [["Host: 127.0.0.1"], true],
  [["Host: 127.0.0.1:1"], true],
  [["host: LocalHost:8080"], true],
  [["Host: [::1]:8080"], true],
  [["Host: 192.0.2.7:8080"], true],
  [["Host: [2001:db8::7]"], true],
  [["Host: wind.example"], true],
  [["Host: WIND.Example.:443"], true],
  [["Host: localhost."], true],
  [["Host: evil.example"], false],
  [["Host: wind.example.evil.example"], false],
  [["Host: evil.wind.example"], false],
  [["Host: 127.0.0.1.evil.example"], false],
  [["Host: 127.0.0.1:1@evil.example"], false],
  [["Host: evil.example:80@127.0.0.1"], false],
  [["Host: wind.example.."], false],
  [["Host: 127.0.0.1:80:evil"], false],
  [["Host: [::1].evil.example"], false],
  [["Host: 2130706433"], false],
  [["Host: "], false],
  [["Host: evil.example", "Host: 127.0.0.1"], false],
  [["Host: 127.0.0.1", "Host: evil.example"], false],
  [["Host: evil.example", "X-Forwarded-Host: 127.0.0.1", "Forwarded: host=127.0.0.1"], false],
];
