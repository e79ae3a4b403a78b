/** What the API's document says of routes that are no query of its table: files, orders, metrics and probes. Answers nothing. */
import { z } from "zod";
import { publishOrderType } from "../../core/bundle/publish-order.ts";
import { evidenceRequestReplySchema } from "../../core/contract/evidence-list.ts";
import {
  publicationReplySchema,
  publishOrderSchema,
  registryViewSchema,
  uploadPattern,
} from "../../core/contract/publication.ts";
import { evidenceRequestSchema } from "./evidence-request-route.ts";
import type { DescribedRoute } from "./openapi.ts";

/** Where the document is. */
export const openApiPath = "/api/v1/openapi.json";

const json = "application/json";
const bytes = "application/octet-stream";
const text = { "text/plain": null };
const registry = "/api/v1/registry";
/** How far a publication is, or why it is not taken. */
const publicationAnswers: DescribedRoute["answers"] = {
  202: { text: "How far the publication is", content: { [json]: publicationReplySchema() } },
  400: { text: "The order or the part has not the form that it must have" },
  403: {
    text: "No publisher of this collector has signed it, one that may not publish this model, or no updates are served here",
  },
  404: { text: "No bundle is on its way under this name" },
  409: { text: "It does not follow what is here already, or there is no room for more bundles" },
  413: { text: "Larger than is taken" },
  422: { text: "The bundle is not what its order or its signature says" },
  503: { text: "Nothing can be published now" },
  507: { text: "The collector's disk is full" },
};

export const describedRoutes: readonly DescribedRoute[] = [
  {
    path: openApiPath,
    summary: "This document",
    answers: { 200: { text: "The answer", content: { [json]: null } } },
  },
  {
    path: "/api/v1/evidence/{file}",
    summary:
      "A file of raw evidence: <id>.npy (the counts) or <id>.json (what they are), as `aurora score` reads them",
    parameters: { file: z.string().regex(/^[0-9a-f]{64}\.(npy|json)$/) },
    answers: {
      200: { text: "The file", content: { [bytes]: null, [json]: null } },
      404: { text: "There is no such file" },
      410: {
        text: "The file is damaged: it is not that of its digest (`EVIDENCE_DAMAGED`); or it is listed, and is not there (`EVIDENCE_MISSING`)",
      },
      503: { text: "Raw evidence cannot be read now" },
    },
  },
  {
    method: "POST",
    path: "/api/v1/evidence/requests",
    summary: "Asks a gateway for raw samples of a point from now on; they take minutes",
    body: { [json]: evidenceRequestSchema },
    answers: {
      202: { text: "The gateway was told", content: { [json]: evidenceRequestReplySchema() } },
      400: { text: "The body is wrong" },
      403: { text: "This collector's configuration lets nobody ask" },
      404: { text: "No gateway watches this" },
      409: { text: "The gateway does not answer now" },
      413: { text: "The body is too large" },
      429: { text: "The gateway was asked too often within an hour" },
      503: { text: "The gateway cannot be told now, or the record not be asked" },
    },
  },
  {
    path: registry,
    summary: "The bundles that are served to gateways, and whether any are taken",
    answers: { 200: { text: "The answer", content: { [json]: registryViewSchema() } } },
  },
  {
    method: "POST",
    path: `${registry}/publications`,
    summary: "Takes a publisher's signed order (a DSSE envelope), as `aurora bundle publish` sends it",
    body: { [json]: describeOrder() },
    answers: publicationAnswers,
  },
  {
    method: "PUT",
    path: `${registry}/publications/{upload}`,
    summary:
      "Takes the part of a bundle that begins at `offset`; with the last one it is checked and published",
    parameters: { upload: z.string().regex(uploadPattern) },
    query: z.strictObject({ offset: z.string().regex(/^\d{1,9}$/) }),
    body: { [bytes]: null },
    answers: publicationAnswers,
  },
  {
    path: "/metrics",
    summary: "Metrics in the Prometheus text format",
    answers: { 200: { text: "The answer", content: text } },
  },
  {
    path: "/-/healthy",
    summary: "The process answers",
    answers: { 200: { text: "The answer", content: text } },
  },
  {
    path: "/-/ready",
    summary: "Store and broker are up; what else is not is said, for example the bucket for raw evidence",
    answers: {
      200: { text: "They are up", content: text },
      503: { text: "They are not: why", content: text },
    },
  },
];

/** The envelope of an order; what is signed stands in it as base64 of JSON. */
function describeOrder(): z.ZodType {
  const { $schema: _, ...contentSchema } = z.toJSONSchema(publishOrderSchema());
  return z
    .object({
      payloadType: z.literal(publishOrderType),
      payload: z.base64().meta({ contentMediaType: json, contentSchema }),
      signatures: z.array(z.object({ keyid: z.string().optional(), sig: z.base64() })).length(1),
    })
    .describe(
      "A DSSE envelope (v1). `sig` is the publisher's ed25519 signature of the bytes `DSSEv1 <bytes of payloadType> <payloadType> <bytes of payload> <payload>`, the payload before base64. `repository` is that of GET /api/v1/registry; the order is good for an hour around `madeMs`",
    );
}
