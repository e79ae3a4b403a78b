/** Raw evidence over the API: the list of it, and its files. */

import { z } from "zod";
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { evidenceKinds } from "../../core/contract/evidence.ts";
import { evidenceListSchema } from "../../core/contract/evidence-list.ts";
import { idPattern } from "../../core/contract/topics.ts";
import { type ApiRoute, defineRoute } from "./define-route.ts";
import { errorResponse, type HttpRoute } from "./http-route.ts";

const id = z.string().regex(idPattern);
/** What of the API lists evidence. */
export const evidenceRoutes: readonly ApiRoute[] = [
  defineRoute({
    path: "/api/v1/evidence",
    summary: "Raw samples that gateways were permitted to send, newest stored first",
    query: z.strictObject({
      site: id.optional(),
      turbine: id.optional(),
      component: id.optional(),
      kind: z.enum(evidenceKinds).optional(),
      request: id.optional(),
      alert: z.string().min(1).max(512).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
      offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
    }),
    response: evidenceListSchema(),
    answer: async ({ record }, query) => {
      return { limit: query.limit, offset: query.offset, ...(await record.evidence(query)) };
    },
  }),
];

/** What the files are read from. */
interface EvidenceFiles {
  /**
   * Null where none is listed. `damaged`: it is not that of its digest. `missing`: it is listed, and is not there.
   * @throws AuroraError STORE
   */
  read(id: string, kind: "npy" | "json"): Promise<Uint8Array | "damaged" | "missing" | null>;
}

/** `/api/v1/evidence/<id>.npy` and `.json`. */
export function evidenceFileRoute(files: EvidenceFiles): HttpRoute {
  const read = async (
    name: string,
    kind: "npy" | "json",
  ): Promise<Uint8Array | "damaged" | "missing" | "unreadable" | null> => {
    try {
      return await files.read(name, kind);
    } catch (error) {
      // A bucket may be away for a while.
      if (hasErrorCode(error, "STORE")) return "unreadable";
      throw error;
    }
  };
  return {
    method: "GET",
    path: "/api/v1/evidence/:file",
    handle: async ({ params }) => {
      const named = /^([0-9a-f]{64})\.(npy|json)$/.exec(params.file ?? "");
      const [, name = "", kind = "json"] = named ?? [];
      const file = named === null ? null : await read(name, kind === "npy" ? "npy" : "json");
      if (file === "unreadable")
        return errorResponse(503, "STORE", "raw evidence cannot be read now; see the log");
      if (file === "damaged")
        return errorResponse(
          410,
          "EVIDENCE_DAMAGED",
          `evidence ${name} is damaged at the collector: its .${kind} is not that of its digest`,
        );
      if (file === "missing")
        return errorResponse(
          410,
          "EVIDENCE_MISSING",
          `evidence ${name} is missing at the collector: its .${kind} is not where it was stored. Is that folder mounted? If it is, both files have to be restored from a backup`,
        );
      if (file === null) return errorResponse(404, "NOT_FOUND", "there is no such evidence");
      return {
        status: 200,
        headers: {
          "content-type": kind === "npy" ? "application/octet-stream" : "application/json; charset=utf-8",
          "content-length": String(file.length),
          "content-disposition": `attachment; filename="${name}.${kind}"`,
          // Its name is its digest: it never changes.
          "cache-control": "private, max-age=31536000, immutable",
        },
        body: file,
      };
    },
  };
}
