import { createServer, type RequestListener } from "node:http";
import { onTestFinished } from "vitest";
import { listeningPort } from "./listening-port.ts";

/** Something else that answers over HTTP, until the test ends; its address. */
export async function serveOther(handle: RequestListener): Promise<string> {
  const server = createServer(handle).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${listeningPort(server)}`;
}
