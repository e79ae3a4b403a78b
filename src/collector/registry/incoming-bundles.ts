/**
 * Bundles on their way to the registry: a folder with `<upload>.json` (whose order it answers) and `<upload>.part` (its bytes so
 * far). Bounded: so many of a publisher, each at most as long as an order says, and for as long as an order is good.
 */
import { join } from "node:path";
import { z } from "zod";
import {
  maxPublishedBytes,
  orderLifetimeMs,
  type PublishOrder,
  publishOrderSchema,
  uploadPattern,
} from "../../core/contract/publication.ts";
import type { ShapeOf } from "../../core/contract/shape-of.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { FileSystem } from "../../core/platform/files/file-system.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";

/** Who wants what, as it was checked. */
export interface AdmittedOrder {
  readonly order: PublishOrder;
  /** Name of the publisher. */
  readonly publisher: string;
  readonly keyId: string;
  /** The order as it came: an envelope of JSON. */
  readonly envelope: string;
}

/** A bundle on its way. */
export interface IncomingBundle extends AdmittedOrder {
  readonly upload: string;
  readonly receivedBytes: number;
}

/** Every method rejects with AuroraError STORE when the disk is full or fails. */
export interface IncomingBundles {
  /** Begins, or goes on with the same bytes of the same publisher; null while it has too many under way. */
  begin(admitted: AdmittedOrder): Promise<IncomingBundle | null>;
  /** Removes what is here of an order that needs nothing more. */
  forget(admitted: AdmittedOrder): Promise<void>;
  /** Null where it is not under way, or too old. */
  find(upload: string): Promise<IncomingBundle | null>;
  /** Writes bytes at the end of what is here; on the disk when it resolves. */
  append(incoming: IncomingBundle, bytes: Uint8Array): Promise<IncomingBundle>;
  /** All of it. */
  read(incoming: IncomingBundle): Promise<Uint8Array>;
  remove(upload: string): Promise<void>;
  /** Removes what is too old. */
  sweep(): Promise<void>;
}

interface IncomingBundlesOptions {
  readonly dir: string;
  readonly clock: Pick<Clock, "nowMs">;
  readonly files: FileSystem;
  /** A new name, 32 hexadecimal digits that nobody guesses. */
  readonly newUpload: () => string;
}

/** Of one publisher at once … */
const maxPerPublisher = 4;
/** … of which the oldest gives way when it was begun so long ago. */
const givesWayMs = 300_000;
const maxAboutBytes = 65_536;

/** Fields of a file that describes an order, beside its own. */
export const admittedOrderFields: ShapeOf<AdmittedOrder> = {
  order: publishOrderSchema(),
  publisher: z.string().max(64),
  keyId: z.string().max(64),
  envelope: z.string().max(32_768),
};

const aboutSchema = z.strictObject({ ...admittedOrderFields, begunMs: z.number() });

/** Uploads that have a description (`<upload>.json`) in a folder. */
export async function listUploads(files: Pick<FileSystem, "list">, dir: string): Promise<string[]> {
  const described = (await files.list(dir)).filter((name) => name.endsWith(".json"));
  return described.map((name) => name.slice(0, -".json".length)).filter((name) => uploadPattern.test(name));
}

/** Creates it over a folder that is made when it is needed. */
export function createIncomingBundles(options: IncomingBundlesOptions): IncomingBundles {
  const { dir, clock, files } = options;
  const pathOf = (upload: string, kind: "json" | "part"): string => join(dir, `${upload}.${kind}`);

  const remove = async (upload: string): Promise<void> => {
    // What is left after a cut in between is found by its description, and removed with it.
    await files.remove(pathOf(upload, "part"));
    await files.remove(pathOf(upload, "json"));
  };
  const findAbout = async (
    upload: string,
  ): Promise<(IncomingBundle & { readonly begunMs: number }) | null> => {
    if (!uploadPattern.test(upload)) return null;
    const bytes = await files.read(pathOf(upload, "json"), maxAboutBytes);
    if (bytes === null) return null;
    const about = aboutSchema.safeParse(parseJsonBytes(bytes));
    if (about.success && Math.abs(clock.nowMs() - about.data.begunMs) <= orderLifetimeMs) {
      return { ...about.data, upload, receivedBytes: await files.sizeOf(pathOf(upload, "part")) };
    }
    await remove(upload);
    return null;
  };
  const listOwn = async (keyId: string): Promise<(IncomingBundle & { readonly begunMs: number })[]> => {
    const all = [];
    for (const upload of await listUploads(files, dir)) {
      const found = await findAbout(upload);
      if (found !== null && found.keyId === keyId) all.push(found);
    }
    return all.sort((one, other) => one.begunMs - other.begunMs);
  };

  return {
    remove,
    begin: async (admitted) => {
      await files.makeFolder(dir);
      const own = await listOwn(admitted.keyId);
      const same = own.find(({ order }) => order.tar.sha256 === admitted.order.tar.sha256);
      if (same !== undefined && same.receivedBytes <= admitted.order.tar.bytes) {
        const { upload, receivedBytes, begunMs } = same;
        // The newer order, whose words are those that are kept.
        await files.writeAtomic(pathOf(upload, "json"), JSON.stringify({ ...admitted, begunMs }));
        return { ...admitted, upload, receivedBytes };
      }
      const [oldest] = own;
      if (oldest !== undefined && own.length >= maxPerPublisher) {
        if (clock.nowMs() - oldest.begunMs < givesWayMs) return null;
        await remove(oldest.upload);
      }
      const upload = options.newUpload();
      const about = JSON.stringify({ ...admitted, begunMs: clock.nowMs() });
      await files.writeAtomic(pathOf(upload, "json"), about);
      return { ...admitted, upload, receivedBytes: 0 };
    },
    forget: async ({ keyId, order }) => {
      for (const { upload, order: own } of await listOwn(keyId)) {
        if (own.tar.sha256 === order.tar.sha256) await remove(upload);
      }
    },
    find: findAbout,
    append: async (incoming, bytes) => {
      const path = pathOf(incoming.upload, "part");
      const part = await files.openPart(path, incoming.receivedBytes);
      try {
        await part.append(bytes);
      } finally {
        await part.close();
      }
      return { ...incoming, receivedBytes: incoming.receivedBytes + bytes.length };
    },
    read: async ({ upload }) =>
      (await files.read(pathOf(upload, "part"), maxPublishedBytes)) ?? new Uint8Array(),
    sweep: async () => {
      for (const upload of await listUploads(files, dir)) await findAbout(upload);
      // Bytes whose description went first.
      for (const name of await files.list(dir)) {
        const upload = /^([0-9a-f]{32})\.part$/.exec(name)?.[1];
        if (upload !== undefined && (await findAbout(upload)) === null) await files.remove(join(dir, name));
      }
    },
  };
}
