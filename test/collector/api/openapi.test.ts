import { expect, test } from "vitest";
import { apiRoutes } from "../../../src/collector/api/api-routes.ts";
import { describedRoutes } from "../../../src/collector/api/described-routes.ts";
import { evidenceFileRoute } from "../../../src/collector/api/evidence-routes.ts";
import type { HttpRoute } from "../../../src/collector/api/http-route.ts";
import { createOpenApiDocument } from "../../../src/collector/api/openapi.ts";
import { publicationRoutes } from "../../../src/collector/registry/publication-routes.ts";
import type { PublicationRefusal } from "../../../src/collector/registry/publications.ts";
import { signPublishOrder } from "../../../src/core/bundle/publish-order.ts";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import type { PublishOrder } from "../../../src/core/contract/publication.ts";
import { newKey } from "../../core/bundle/sample-bundle.ts";

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** The schema of an answer's item. */
function schemaOf(path: string): Schema {
  const document = createOpenApiDocument(apiRoutes, [], "1.0.0") as {
    readonly paths: Readonly<
      Record<string, { get: { responses: { 200: { content: Record<string, { schema: Schema }> } } } }>
    >;
  };
  const answer = document.paths[path]!.get.responses[200].content["application/json"]!.schema;
  return answer.properties!.items!.items!;
}

test("every number of an alert says its scale, and that score and threshold are on two", () => {
  const data = schemaOf("/api/v1/alerts").properties!.event!.properties!.data!.properties!;
  const expected: readonly [string, RegExp][] = [
    ["probability", /Calibrated.*0 to 1/],
    ["risk", /0 to 1, at the site's prior/],
    ["score", /logit.*Not to be compared with threshold/],
    ["threshold", /Calibrated probability, 0 to 1.*not of score/],
    ["severityDb", /dB/],
  ];
  for (const [name, words] of expected)
    expect([name, data[name]!.description]).toEqual([name, expect.stringMatching(words)]);
});

test("severities and probabilities of a turbine's state say their scale", () => {
  const state = JSON.stringify(schemaOf("/api/v1/turbines").properties!.state);
  expect(state).toMatch(/"severityDb":\{[^}]*dB of amplitude/);
  expect(state).toMatch(/"probability":\{[^}]*Calibrated, 0 to 1/);
});

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: object }>>;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

const whole = createOpenApiDocument(apiRoutes, describedRoutes, "1.0.0") as {
  readonly paths: Paths;
  readonly components: { readonly schemas: object };
};
const operations = Object.entries(whole.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

// OpenAPI 3.1.0, section 4.8.12.1: each template expression in a path corresponds to a path parameter, which is required.
test("each parameter of a path is declared as one, is required, and no other is", () => {
  for (const { path, method, operation } of operations) {
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
    const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
    expect([method, path, declared.map(({ name }) => name)]).toEqual([method, path, names]);
    expect(declared.every(({ required }) => required)).toBe(true);
  }
  expect(operations.filter(({ path }) => path.includes("{"))).toHaveLength(2);
});

test("each operation has an id of its own and says what each of its answers is; each reference leads somewhere", () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, operation } of operations) {
    const answers = Object.entries(operation.responses);
    expect([path, answers.length > 0]).toEqual([path, true]);
    for (const [status, { description }] of answers)
      expect([path, status, description]).toEqual([
        path,
        expect.stringMatching(/^\d{3}$/),
        expect.any(String),
      ]);
  }
  const references = [...JSON.stringify(whole).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
  expect(new Set(references.map(([, name]) => name))).toEqual(new Set(Object.keys(whole.components.schemas)));
});

test("the POST operations that its own words name are in it", () => {
  const posts = operations.filter(({ method }) => method !== "get").map(({ path }) => path);
  expect(posts).toContain("/api/v1/evidence/requests");
  expect(posts.filter((path) => path.startsWith("/api/v1/registry/"))).toHaveLength(2);
});

test("the order to publish is described as it is signed", () => {
  const order: PublishOrder = {
    name: "bearing-vibration",
    version: "1.0.0",
    digest: "a".repeat(64),
    tar: { bytes: 4096, sha256: "b".repeat(64) },
    repository: "c".repeat(64),
    madeMs: 1,
  };
  const envelope = JSON.parse(new TextDecoder().decode(signPublishOrder(order, newKey()))) as object;
  const described = JSON.parse(JSON.stringify(whole.paths["/api/v1/registry/publications"]!.post)) as {
    requestBody: { content: { "application/json": { schema: OrderSchema } } };
  };
  const { required, properties } = described.requestBody.content["application/json"].schema;
  expect([...required].sort()).toEqual(Object.keys(envelope).sort());
  expect(envelope).toMatchObject({ payloadType: properties.payloadType.const });
  const { contentEncoding, contentSchema } = properties.payload;
  expect([contentEncoding, [...contentSchema.required].sort()]).toEqual([
    "base64",
    Object.keys(order).sort(),
  ]);
});

interface OrderSchema {
  readonly required: readonly string[];
  readonly properties: {
    readonly payloadType: { readonly const: string };
    readonly payload: {
      readonly contentEncoding: string;
      readonly contentSchema: { readonly required: readonly string[] };
    };
  };
}

/** The status that a route answers with must be one that the document names. */
async function answerOf(route: HttpRoute, request: Partial<Parameters<HttpRoute["handle"]>[0]>) {
  const { method, path } = route;
  const common = { params: {}, query: {}, headers: {}, body: null } as const;
  const { status } = await route.handle({ method, path, ...common, ...request });
  const named = whole.paths[path.replace(/:(\w+)/g, "{$1}")]![method.toLowerCase()]!.responses;
  expect([path, Object.keys(named)]).toEqual([path, expect.arrayContaining([`${status}`])]);
  return status;
}

test("a file of evidence is answered with nothing that the document does not name", async () => {
  const file = `${"a".repeat(64)}.npy`;
  const found = async () => Buffer.of(1);
  const away = () => Promise.reject(new AuroraError("STORE", "away", { op: "read", hint: "wait" }));
  const ask = (read: Parameters<typeof evidenceFileRoute>[0]["read"]) =>
    answerOf(evidenceFileRoute({ read }), { params: { file } });
  const damaged = async () => "damaged" as const;
  const missing = async () => "missing" as const;
  const answers = [found, async () => null, damaged, missing, away].map(ask);
  expect(await Promise.all(answers)).toEqual([200, 404, 410, 410, 503]);
});

test("a publication is refused with nothing that the document does not name", async () => {
  const statuses = [
    400, 403, 404, 409, 413, 422, 503, 507,
  ] as const satisfies readonly PublicationRefusal["status"][];
  for (const status of statuses) {
    const outcome = async () => ({ ok: false, error: { status, code: "CODE", message: "no" } }) as const;
    const view = async () => ({ repository: null, takesBundles: false, bundles: [] });
    const routes = publicationRoutes({
      view,
      order: outcome,
      part: outcome,
      expects: async () => true,
      close: async () => {},
    });
    expect(routes.map(({ method }) => method)).toEqual(["GET", "POST", "PUT"]);
    for (const route of routes) {
      const request = { params: { upload: "0".repeat(32) }, query: { offset: "0" }, body: Buffer.of(1) };
      expect(await answerOf(route, request)).toBe(route.method === "GET" ? 200 : status);
    }
  }
});
