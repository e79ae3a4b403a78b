import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { adviseOfPort } from "../../../src/core/platform/port-advice.ts";

async function refusalAt(host: string, port: number): Promise<unknown> {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(port, host);
  const [error] = await Promise.race([once(server, "error"), once(server, "listening").then(() => [null])]);
  return error;
}

test("a port that is taken, an address of another machine and a port that needs a right have each their cure", async () => {
  const first = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void first.close());
  await once(first, "listening");
  const { port } = first.address() as { port: number };
  expect(adviseOfPort(await refusalAt("127.0.0.1", port), "a.port")).toMatch(
    /\(a\.port; 0 for any\).*stop what listens/,
  );
  expect(adviseOfPort(await refusalAt("192.0.2.1", port), "a.port")).toMatch(
    /address of this machine beside a\.port/,
  );
  const denied = Object.assign(new Error("listen EACCES"), { code: "EACCES" });
  expect(adviseOfPort(denied, "a.port")).toMatch(
    /from 1024 on \(a\.port\).*CAP_NET_BIND_SERVICE.*PrivateUsers=no/,
  );
});
