/** Speaks to a collector's registry: orders and parts of bundles out, its answers in. Tries nothing twice. */
import { z } from "zod";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import {
  type PublicationReply,
  publicationReplySchema,
  type RegistryView,
  registryViewSchema,
} from "../../core/contract/publication.ts";
import { askCollector, fetchJson, readAddress } from "../ask/ask-collector.ts";

/** What a collector said of an order or a part: how far it is, or why not. */
export type PublicationAnswer =
  | { readonly ok: true; readonly reply: PublicationReply }
  | { readonly ok: false; readonly status: number; readonly code: string; readonly message: string };

/** Rejects with AuroraError COLLECTOR where nothing answers, or not as a collector does; USAGE for an address that is none. */
export interface RegistryClient {
  view(): Promise<RegistryView>;
  /** Sends a signed order. */
  order(envelope: Uint8Array): Promise<PublicationAnswer>;
  /** Sends the part that begins at `offset`. */
  part(upload: string, offset: number, bytes: Uint8Array): Promise<PublicationAnswer>;
}

const op = "publish bundle";
/** A part has 15 s to come, and a collector may wait for another one before it publishes. */
const timeoutMs = 40_000;
const maxAnswerBytes = 65_536;
const refusalSchema = z.object({ error: z.object({ code: z.string(), message: z.string().max(2_000) }) });

export function createRegistryClient(collector: string): RegistryClient {
  const base = readAddress({ collector, op });
  const send = async (url: URL, init: RequestInit): Promise<PublicationAnswer> => {
    const { status, body } = await fetchJson(url, { op, maxBytes: maxAnswerBytes, timeoutMs, init });
    if (status === 202) {
      const reply = publicationReplySchema().safeParse(body);
      if (reply.success) return { ok: true, reply: reply.data };
    }
    const said = refusalSchema.safeParse(body);
    if (said.success) return { ok: false, status, ...said.data.error };
    // What stands between may be busy in words of its own.
    if (status >= 500 || status === 429)
      return { ok: false, status, code: "BUSY", message: `status ${status}` };
    throw new AuroraError(
      "COLLECTOR",
      `the answer of ${url.origin} is not that of a collector of this version`,
      {
        op,
        subject: url.origin,
        hint: "Give the address of the collector's page; update the older one of the two, this command or the collector.",
      },
    );
  };
  return {
    view: () =>
      askCollector({ collector, path: "api/v1/registry", query: {}, schema: registryViewSchema(), op }),
    order: (envelope) =>
      send(new URL("api/v1/registry/publications", base), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: Buffer.from(envelope),
      }),
    part: (upload, offset, bytes) =>
      send(new URL(`api/v1/registry/publications/${upload}?offset=${offset}`, base), {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        body: Buffer.from(bytes),
      }),
  };
}
