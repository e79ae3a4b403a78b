/**
 * How bundles are published over the API: `GET /api/v1/registry` says what there is, `POST …/publications` takes an order, and
 * `PUT …/publications/<upload>?offset=N` a part of the bundle. Everybody may ask; who may publish, the order's signature says.
 */
import { maxBundlePieceBytes, type PublicationReply } from "../../core/contract/publication.ts";
import type { Result } from "../../core/contract/result.ts";
import { errorResponse, type HttpResponse, type HttpRoute, jsonResponse } from "../api/http-route.ts";
import type { PublicationRefusal, Publications } from "./publications.ts";

const root = "/api/v1/registry";

/** The routes, over what takes bundles. */
export function publicationRoutes(publications: Publications): readonly HttpRoute[] {
  return [
    { method: "GET", path: root, handle: async () => jsonResponse(await publications.view()) },
    {
      method: "POST",
      path: `${root}/publications`,
      handle: async ({ body }) => answer(await publications.order(body)),
    },
    {
      method: "PUT",
      path: `${root}/publications/:upload`,
      bytes: {
        maxBytes: maxBundlePieceBytes,
        // Before 128 KiB of anybody are read.
        admit: async ({ params, query }) => {
          if (readOffset(query) === null) return badOffset;
          return (await publications.expects(params.upload ?? "")) ? null : unknownUpload;
        },
      },
      handle: async ({ params, query, body }) => {
        const offset = readOffset(query);
        if (offset === null) return badOffset;
        if (!Buffer.isBuffer(body) || body.length === 0) {
          return errorResponse(400, "BODY", "a part of a bundle has bytes (application/octet-stream)");
        }
        return answer(await publications.part(params.upload ?? "", offset, body));
      },
    },
  ];
}

const badOffset: HttpResponse = errorResponse(400, "QUERY", "offset: where the part begins, in bytes");
const unknownUpload: HttpResponse = errorResponse(
  404,
  "NO_UPLOAD",
  "no bundle is on its way under this name",
);

function answer(outcome: Result<PublicationReply, PublicationRefusal>): HttpResponse {
  if (outcome.ok) return jsonResponse(outcome.value, 202);
  const { status, code, message } = outcome.error;
  return errorResponse(status, code, message);
}

function readOffset(query: unknown): number | null {
  const { offset } = (query ?? {}) as { readonly offset?: unknown };
  return typeof offset === "string" && /^\d{1,9}$/.test(offset) ? Number(offset) : null;
}
