/** The OpenAPI 3.1 document of the API, generated from the table of queries and from what is said of each other route. */
import { z } from "zod";
import { apiErrorSchema } from "./api-schemas.ts";
import type { ApiRoute } from "./define-route.ts";

/** An answer of a route; what is no success is an error of the API unless it says otherwise. */
interface DescribedAnswer {
  readonly text: string;
  /** Shapes by their content type; null: text, or bytes of any kind. */
  readonly content?: Readonly<Record<string, z.ZodType | null>>;
}

/** A route that is no query of the table, to be named in the document. */
export interface DescribedRoute {
  /** Default: GET. */
  readonly method?: "POST" | "PUT";
  /** With `{parameters}`. */
  readonly path: string;
  readonly summary: string;
  /** Of each `{parameter}` of the path. */
  readonly parameters?: Readonly<Record<string, z.ZodType>>;
  readonly query?: z.ZodType;
  readonly body?: NonNullable<DescribedAnswer["content"]>;
  /** By their status: all that the route itself answers. */
  readonly answers: Readonly<Record<number, DescribedAnswer>>;
}

/** Makes the document: one path each, with a method or several. */
export function createOpenApiDocument(
  routes: readonly ApiRoute[],
  describedRoutes: readonly DescribedRoute[],
  version: string,
): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of [...routes.map(describeQuery), ...describedRoutes]) {
    const method = (route.method ?? "GET").toLowerCase();
    paths[route.path] = { ...paths[route.path], [method]: describeOperation(route, method) };
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

function describeQuery({ path, summary, query, response }: ApiRoute): DescribedRoute {
  return {
    path,
    summary,
    query,
    answers: {
      200: { text: "The answer", content: { "application/json": response } },
      400: { text: "The query is wrong" },
      503: { text: "The record cannot be asked now" },
    },
  };
}

function describeOperation(route: DescribedRoute, method: string): object {
  const { path, summary, parameters = {}, query, body, answers } = route;
  const described = [
    ...Object.entries(parameters).map(([name, schema]) => ({
      name,
      in: "path",
      required: true,
      schema: describeSchema(schema, "input"),
    })),
    ...(query === undefined ? [] : describeParameters(query)),
  ];
  const responses = Object.entries(answers).map(([status, { text, content }]) => [
    status,
    { description: text, content: content === undefined ? errorContent : describeContent(content, "output") },
  ]);
  return {
    operationId: operationIdOf(method, path),
    summary,
    ...(described.length === 0 ? {} : { parameters: described }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: describeContent(body, "input") } }),
    responses: Object.fromEntries(responses),
  };
}

const errorContent = { "application/json": { schema: { $ref: "#/components/schemas/Error" } } };

function describeContent(
  content: NonNullable<DescribedAnswer["content"]>,
  io: "input" | "output",
): Readonly<Record<string, object>> {
  const described = Object.entries(content).map(([type, schema]) => {
    if (schema !== null) return [type, { schema: describeSchema(schema, io) }];
    return [type, { schema: type.startsWith("text/") ? { type: "string" } : {} }];
  });
  return Object.fromEntries(described);
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

function operationIdOf(method: string, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "" && word !== "api" && word !== "v1");
  return [method, ...words.map((word) => word[0]!.toUpperCase() + word.slice(1))].join("");
}
