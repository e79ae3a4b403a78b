/** The OpenAPI 3.1 document of the API, generated from the route table. */
import { z } from "zod";
import { apiErrorSchema } from "./api-schemas.ts";
import type { ApiRoute } from "./define-route.ts";

/** A route that answers with text, to be named in the document. */
export interface PlainRoute {
  readonly path: string;
  readonly summary: string;
  readonly contentType: string;
}

export function createOpenApiDocument(
  routes: readonly ApiRoute[],
  plainRoutes: readonly PlainRoute[],
  version: string,
): object {
  const paths: Record<string, object> = {};
  for (const route of routes) {
    paths[route.path] = {
      get: {
        operationId: operationIdOf(route.path),
        summary: route.summary,
        parameters: describeParameters(route.query),
        responses: {
          "200": describeJson("The answer", describeSchema(route.response, "output")),
          "400": describeJson("The query is wrong", { $ref: "#/components/schemas/Error" }),
        },
      },
    };
  }
  for (const route of plainRoutes) {
    const content = { [route.contentType]: { schema: { type: "string" } } };
    paths[route.path] = {
      get: {
        operationId: operationIdOf(route.path),
        summary: route.summary,
        responses: { "200": { description: "The answer", content } },
      },
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "aurora-edge collector",
      version,
      description:
        "What the fleet reports: turbines, alerts, predictions, drift, gateways. Read only, but for POST /api/v1/evidence/requests and what `aurora bundle publish` asks under /api/v1/registry.",
    },
    paths,
    components: { schemas: { Error: describeSchema(apiErrorSchema, "output") } },
  };
}

function describeParameters(query: z.ZodType): object[] {
  const schema = describeSchema(query, "input") as {
    readonly properties?: Readonly<Record<string, object>>;
    readonly required?: readonly string[];
  };
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    in: "query",
    required: schema.required?.includes(name) ?? false,
    schema: property,
  }));
}

/** JSON Schema 2020-12, which is what OpenAPI 3.1 speaks; it states the dialect once, not in every schema. */
function describeSchema(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

function describeJson(description: string, schema: object): object {
  return { description, content: { "application/json": { schema } } };
}

function operationIdOf(path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "" && word !== "api" && word !== "v1");
  return ["get", ...words.map((word) => word[0]!.toUpperCase() + word.slice(1))].join("");
}
