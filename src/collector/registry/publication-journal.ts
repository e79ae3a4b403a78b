/**
 * Who published what and when, as files beside the repository: written before a bundle is published, settled after, and told to
 * the fleet's record by whoever may write there. A cut at any step leaves no publication untold and none told that was none.
 *
 * ```text
 * begun/<upload>.json ── the bundle is served ──▶ new/<upload>.json ── its event is stored ──▶ told/<upload>.json
 *                     └─ it is not: removed
 * ```
 */
import { join } from "node:path";
import { z } from "zod";
import { type PublishOrder, uploadPattern } from "../../core/contract/publication.ts";
import type { FileSystem } from "../../core/platform/files/file-system.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";
import { type AdmittedOrder, admittedOrderFields, listUploads } from "./incoming-bundles.ts";

/** A bundle that somebody published. */
export interface Publication extends AdmittedOrder {
  /** Names it. */
  readonly upload: string;
  /** By the collector's clock, epoch ms. */
  readonly publishedMs: number;
  /** Ids of the trusted keys that signed the bundle itself. */
  readonly signedBy: readonly string[];
  /** Its gate was not asked before it was written; absent: the gate let it out. */
  readonly ungated?: true | undefined;
}

/** Every method rejects with AuroraError STORE when the disk is full or fails. */
export interface PublicationJournal {
  /** It is about to be published. */
  begin(publication: Publication): Promise<void>;
  /** Of all that was begun: what is published is to be told, what is not is forgotten. */
  settle(isPublished: (order: PublishOrder) => boolean): Promise<void>;
  /** What is to be told, at most so many. */
  listNew(limit: number): Promise<readonly Publication[]>;
  /** It was told. */
  markTold(upload: string): Promise<void>;
}

const publicationSchema: z.ZodType<Publication> = z.strictObject({
  upload: z.string().regex(uploadPattern),
  publishedMs: z.number(),
  signedBy: z.array(z.string().max(64)).max(16),
  ungated: z.literal(true).optional(),
  ...admittedOrderFields,
});

const maxFileBytes = 65_536;

/** Over `publications` in the registry's folder, which is made when it is needed. */
export function createPublicationJournal(registryDir: string, files: FileSystem): PublicationJournal {
  const folderOf = (state: "begun" | "new" | "told"): string => join(registryDir, "publications", state);
  const pathOf = (state: "begun" | "new" | "told", upload: string): string =>
    join(folderOf(state), `${upload}.json`);
  const read = async (state: "begun" | "new", upload: string): Promise<Publication | null> => {
    const bytes = await files.read(pathOf(state, upload), maxFileBytes);
    if (bytes === null) return null;
    return publicationSchema.safeParse(parseJsonBytes(bytes)).data ?? null;
  };
  const move = async (upload: string, from: "begun" | "new", to: "new" | "told"): Promise<void> => {
    await files.makeFolder(folderOf(to));
    await files.rename(pathOf(from, upload), pathOf(to, upload));
  };
  return {
    begin: async (publication) => {
      await files.makeFolder(folderOf("begun"));
      await files.writeAtomic(pathOf("begun", publication.upload), JSON.stringify(publication));
    },
    settle: async (isPublished) => {
      for (const upload of await listUploads(files, folderOf("begun"))) {
        const publication = await read("begun", upload);
        if (publication !== null && isPublished(publication.order)) await move(upload, "begun", "new");
        else await files.remove(pathOf("begun", upload));
      }
    },
    listNew: async (limit) => {
      const found: Publication[] = [];
      for (const upload of (await listUploads(files, folderOf("new"))).slice(0, limit)) {
        const publication = await read("new", upload);
        if (publication !== null) found.push(publication);
      }
      return found;
    },
    markTold: (upload) => move(upload, "new", "told"),
  };
}
