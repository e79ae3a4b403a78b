import { expect, test } from "vitest";
import { apiRoutes } from "../../../src/collector/api/api-routes.ts";
import { createOpenApiDocument } from "../../../src/collector/api/openapi.ts";

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
