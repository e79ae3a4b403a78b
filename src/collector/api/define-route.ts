/** One route of the JSON API: its query is validated before it is answered, and what is wrong with it is said (400). */
import type { z } from "zod";
import { sayIssue } from "../../core/contract/config/describe-issue.ts";
import { fieldsOf } from "../../core/contract/fields.ts";
import type { FleetSource } from "../fleet/fleet-source.ts";
import { compressResponse } from "./compress-response.ts";
import { errorResponse, type HttpRequest, type HttpResponse, jsonResponse } from "./http-route.ts";

/** One route, asked by GET, and what the OpenAPI document says of it. */
export interface ApiRoute {
  readonly path: string;
  readonly summary: string;
  /** Validates and completes what is asked. */
  readonly query: z.ZodType;
  readonly response: z.ZodType;
  /** Answers what was asked; or says what `query` finds wrong with it (400). */
  answer(fleet: FleetSource, request: HttpRequest): Promise<HttpResponse>;
}

/** What `answer` gives is of the type that `response` describes. */
export function defineRoute<Q, A>(route: {
  readonly path: string;
  readonly summary: string;
  readonly query: z.ZodType<Q>;
  readonly response: z.ZodType<A>;
  readonly answer: (fleet: FleetSource, query: Q) => Promise<NoInfer<A>>;
}): ApiRoute {
  return {
    ...route,
    answer: async (fleet, request) => {
      const query = route.query.safeParse(request.query);
      if (!query.success) return errorResponse(400, "QUERY", sayIssues(query.error, request.query));
      const blank = findBlankNumber(query.data, request.query);
      if (blank !== undefined)
        return errorResponse(400, "QUERY", `${blank}: must be a number, and nothing stands there`);
      // No name and no text that is kept holds one, and no engine can be asked for it.
      if (JSON.stringify(request.query).includes("\\u0000"))
        return errorResponse(400, "QUERY", "a NUL character is in no text");
      return compressResponse(request, jsonResponse(await route.answer(fleet, query.data)));
    },
  };
}

/** A number that is given, and is blank: JavaScript takes that for 0. */
function findBlankNumber(found: unknown, asked: unknown): string | undefined {
  return Object.entries(fieldsOf(found)).find(([name, value]) => {
    const text = fieldsOf(asked)[name];
    return typeof value === "number" && typeof text === "string" && text.trim() === "";
  })?.[0];
}

function sayIssues({ issues }: z.ZodError, query: unknown): string {
  return issues
    .map((issue) => sayIssue(issue, query))
    .join("; ")
    .slice(0, 500);
}
