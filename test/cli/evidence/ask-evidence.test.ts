import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { maxListed, requestEvidence } from "../../../src/cli/evidence/ask-evidence.ts";
import { listeningPort } from "../../support/listening-port.ts";

test("the one turbine of a name is found behind more that hold it in theirs than a collector tells at once", async () => {
  const turbines = Array.from({ length: maxListed }, (_, index) => ({
    site: "north",
    turbine: `wt-1${index}`,
  }));
  const all = [...turbines, { site: "south", turbine: "wt-1" }];
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.method === "POST") {
      request.on("data", (body) => asked.push(JSON.parse(String(body))));
      request.on("end", () =>
        response
          .writeHead(202)
          .end(JSON.stringify({ request: "r-1", gateway: "gw-1", samples: "s", refusal: "r" })),
      );
      return;
    }
    const offset = Number(new URL(request.url!, "http://localhost").searchParams.get("offset") ?? 0);
    const items = all.slice(offset, offset + maxListed);
    response.end(JSON.stringify({ total: all.length, limit: maxListed, offset, items }));
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const collector = `http://127.0.0.1:${listeningPort(server)}`;
  const point = { collector, turbine: "wt-1", component: "generator-bearing", seconds: 10 };
  expect(await requestEvidence(point)).toMatchObject({ gateway: "gw-1" });
  expect(asked).toMatchObject([{ site: "south", turbine: "wt-1" }]);
});
