import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { z } from "zod";
import { acceptsGzip, compressResponse } from "../../../src/collector/api/compress-response.ts";
import { defineRoute } from "../../../src/collector/api/define-route.ts";
import type { HttpRequest } from "../../../src/collector/api/http-route.ts";
import { pageRoutes } from "../../../src/collector/api/page-routes.ts";
import type { FleetSource } from "../../../src/collector/fleet/fleet-source.ts";

const ask = (encoding: string | undefined): HttpRequest => ({
  method: "GET",
  path: "/",
  params: {},
  query: {},
  headers: { "accept-encoding": encoding },
  body: null,
});
const fleet = {} as FleetSource;
const numbers = Array.from({ length: 1_000 }, (_, index) => index / 7);

test.each([
  [undefined, false],
  ["", false],
  ["br, deflate", false],
  ["gzip", true],
  ["br;q=1.0, GZIP;q=0.5", true],
  ["gzip;q=0", false],
  ["br, gzip; q=0.000", false],
  ["gzip;q=0.001, *;q=0", true],
])("a request with %j takes gzip: %s", (encoding, isTaken) => {
  expect(acceptsGzip(ask(encoding))).toBe(isTaken);
});

test("an answer of the API and a file of the page are compressed for who takes that, and as they are for others", async () => {
  const api = defineRoute({
    path: "/",
    summary: "",
    query: z.object({}),
    response: z.array(z.number()),
    answer: async () => numbers,
  });
  const file = pageRoutes(fleet).find(({ path }) => path.endsWith("/uplot.js"))!;
  for (const handle of [(request: HttpRequest) => api.answer(fleet, request), file.handle]) {
    const [plain, small] = [await handle(ask("br")), await handle(ask("gzip, br"))];
    expect([plain.headers["content-encoding"], plain.headers.vary]).toEqual([undefined, "accept-encoding"]);
    expect(small.headers).toEqual({ ...plain.headers, "content-encoding": "gzip" });
    const bytes = small.body as Uint8Array;
    expect(bytes.length).toBeLessThan(Buffer.from(plain.body as string).length / 2);
    expect(gunzipSync(bytes).equals(Buffer.from(plain.body as string))).toBe(true);
  }
});

test("what is short, and what comes in a stream, stays as it is", async () => {
  for (const body of ["short", null]) {
    const response = { status: 200, headers: {}, body };
    expect(await compressResponse(ask("gzip"), response)).toBe(response);
  }
});
