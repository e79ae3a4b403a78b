/**
 * Takes bundles from publishers: an order that one of them has signed, then the bundle in parts, at last the registry. Refuses
 * whoever is not on the list, and whatever is not the bundle that was ordered; what was begun goes on after a break.
 */

import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { readPublishOrder } from "../../core/bundle/publish-order.ts";
import { AuroraError, type ErrorCode, hasErrorCode, systemCodeOf } from "../../core/contract/aurora-error.ts";
import {
  orderLifetimeMs,
  type PublicationReply,
  type PublishOrder,
  type RegistryView,
  type ServedBundle,
} from "../../core/contract/publication.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { createWorkQueue } from "../../core/platform/work-queue.ts";
import { checkPublished, type PublishTrust } from "./check-published.ts";
import type { AdmittedOrder, IncomingBundle, IncomingBundles } from "./incoming-bundles.ts";
import type { PublishedBundle, Registry } from "./registry.ts";

/** Who may publish what. */
interface Publisher {
  readonly name: string;
  readonly key: TrustedKey;
  /** Names of models, or beginnings that end in `*`. */
  readonly models: readonly string[];
}

/** Why something was not taken: a status of HTTP, a word for programs, and one for people. */
export interface PublicationRefusal {
  readonly status: 400 | 403 | 404 | 409 | 413 | 422 | 503 | 507;
  readonly code: string;
  readonly message: string;
}

interface PublicationsOptions extends PublishTrust {
  /** Null: no updates are served here. */
  readonly registry: Registry | null;
  readonly publishers: readonly Publisher[];
  readonly incoming: IncomingBundles;
  readonly clock: Pick<Clock, "nowMs">;
  readonly logger: Logger;
  /** Called when a bundle is served that was not before. */
  readonly onPublished: () => void;
  /** Called with the word for each refusal. */
  readonly onRefused: (code: string) => void;
}

/** Whatever a method is given came from outside; none of them rejects for it. */
export interface Publications {
  view(): Promise<RegistryView>;
  /** Takes an order: what is awaited of the bundle, or that it is served. */
  order(envelope: unknown): Promise<Result<PublicationReply, PublicationRefusal>>;
  /** Is this a bundle on its way, whose parts may be read? */
  expects(upload: string): Promise<boolean>;
  /** Takes the part that begins at `offset`; with the last one the bundle is checked and published. */
  part(
    upload: string,
    offset: number,
    bytes: Uint8Array,
  ): Promise<Result<PublicationReply, PublicationRefusal>>;
  /** Takes nothing more; resolves when what came before is taken or refused. */
  close(): Promise<void>;
}

export function createPublications(options: PublicationsOptions): Publications {
  const { registry, incoming, clock, logger } = options;
  const publishers = new Map(options.publishers.map((publisher) => [publisher.key.keyId, publisher]));
  const keys = options.publishers.map(({ key }) => key);
  const queue = createWorkQueue();
  /** One at a time: parts of a bundle must not overtake each other, and a bundle that is checked takes memory. */
  const inTurn = async <T>(
    work: () => Promise<Result<T, PublicationRefusal>>,
  ): Promise<Result<T, PublicationRefusal>> => {
    if (queue.isClosed) return refuse(503, "STORE", "the collector ends");
    return queue.run(async () => {
      const outcome = await work().catch(describeFailure);
      if (!outcome.ok) note(outcome.error);
      return outcome;
    });
  };
  const describeFailure = (error: unknown): Result<never, PublicationRefusal> => {
    if (!hasErrorCode(error)) throw error;
    logger.error("a bundle cannot be taken", { error });
    return failed(describeTrouble(error));
  };
  const note = ({ code, message }: PublicationRefusal): void => {
    options.onRefused(code);
    logger.warn("a bundle was not taken", { code, message });
  };
  const served = (bundle: PublishedBundle, all = registry?.list() ?? []): ServedBundle => {
    const newest = all.find(({ name }) => name === bundle.name);
    const { name, version, digest, sizeBytes, sha256 } = bundle;
    return { name, version, digest, sizeBytes, sha256, isNewest: newest?.version === version };
  };
  const present = (order: PublishOrder): Result<ServedBundle | null, PublicationRefusal> => {
    try {
      const bundle = registry?.findPublished(order) ?? null;
      return ok(bundle === null ? null : served(bundle));
    } catch (error) {
      if (!hasErrorCode(error, "UPDATE")) throw error;
      return refuse(409, "VERSION_TAKEN", error.message);
    }
  };

  /** Deny by default: what nobody permits is refused before anything is kept. */
  const admit = async (envelope: unknown): Promise<Result<AdmittedOrder, PublicationRefusal>> => {
    if (registry === null || publishers.size === 0) {
      return refuse(403, "NOT_PERMITTED", "this collector takes bundles from nobody (registry.publishers)");
    }
    const text = JSON.stringify(envelope ?? null);
    const read = readPublishOrder(new TextEncoder().encode(text), keys);
    if (!read.ok) {
      const { isForm, message } = read.error;
      return isForm ? refuse(400, "ORDER", message) : refuse(403, "UNKNOWN_PUBLISHER", message);
    }
    const { order, keyId } = read.value;
    const publisher = publishers.get(keyId)!;
    const subject = `${order.name}@${order.version}`;
    if (!publisher.models.some((pattern) => isNamed(order.name, pattern))) {
      return refuse(403, "MODEL_NOT_PERMITTED", `${publisher.name} may not publish ${order.name}`);
    }
    if (order.repository !== registry.id) {
      return refuse(409, "OTHER_REPOSITORY", `the order for ${subject} is for another update repository`);
    }
    const differenceMs = clock.nowMs() - order.madeMs;
    if (Math.abs(differenceMs) > orderLifetimeMs) {
      const minutes = Math.round(Math.abs(differenceMs) / 60_000);
      const side = differenceMs > 0 ? "old" : "in the future";
      return refuse(
        409,
        "ORDER_TIME",
        `the order for ${subject} is ${minutes} minutes ${side}, by the collector's clock`,
      );
    }
    return ok({ order, keyId, publisher: publisher.name, envelope: text });
  };

  const finish = async (whole: IncomingBundle): Promise<Result<PublicationReply, PublicationRefusal>> => {
    const { upload, order, publisher, keyId, envelope } = whole;
    if (registry === null) return refuse(403, "NOT_PERMITTED", "this collector serves no updates");
    try {
      const bundle = await checkPublished(await incoming.read(whole), order, options);
      const { signedBy, manifest } = bundle;
      const { ungated } = manifest.lineage;
      const admitted = { order, publisher, keyId, envelope };
      const publication = { ...admitted, upload, publishedMs: clock.nowMs(), signedBy, ungated };
      const published = await registry.publishFor(publication, bundle);
      await incoming.remove(upload);
      const { name, version, digest } = published.bundle;
      logger.info("a bundle was published", { publisher, name, version, digest, signedBy, ungated });
      if (published.isNew) options.onPublished();
      return ok({ state: "published", isNew: published.isNew, bundle: served(published.bundle) });
    } catch (error) {
      if (!(error instanceof AuroraError) || !(error.code in refusedBundles)) throw error;
      // What will not be better the next time.
      await incoming.remove(upload);
      return failed({ ...refusedBundles[error.code]!, message: error.message });
    }
  };

  return {
    view: async () => {
      await registry?.sync();
      const all = registry?.list() ?? [];
      return {
        repository: registry?.id ?? null,
        takesBundles: registry !== null && publishers.size > 0,
        bundles: all.map((bundle) => served(bundle, all)),
      };
    },
    order: (envelope) =>
      inTurn(async () => {
        const admitted = await admit(envelope);
        if (!admitted.ok) return admitted;
        await registry?.sync();
        const known = present(admitted.value.order);
        if (!known.ok) return known;
        if (known.value !== null) {
          // A kill may have left it, just after it was published.
          await incoming.forget(admitted.value);
          return ok({ state: "published", isNew: false, bundle: known.value });
        }
        await incoming.sweep();
        const begun = await incoming.begin(admitted.value);
        if (begun === null) {
          return refuse(
            503,
            "TOO_MANY",
            `${admitted.value.publisher} has too many bundles under way just now`,
          );
        }
        return begun.receivedBytes === begun.order.tar.bytes ? finish(begun) : ok(awaiting(begun));
      }),
    close: queue.close,
    expects: async (upload) => (await incoming.find(upload)) !== null,
    part: (upload, offset, bytes) =>
      inTurn(async () => {
        const found = await incoming.find(upload);
        if (found === null) return refuse(404, "NO_UPLOAD", "no bundle is on its way under this name");
        // A publisher who has been taken off the list meanwhile.
        if (!publishers.has(found.keyId))
          return refuse(403, "UNKNOWN_PUBLISHER", "its publisher is not known any more");
        if (offset !== found.receivedBytes) {
          return refuse(409, "OFFSET", `${found.receivedBytes} bytes are here; the part begins at ${offset}`);
        }
        if (offset + bytes.length > found.order.tar.bytes) {
          return refuse(413, "TOO_LONG", `the bundle was to have ${found.order.tar.bytes} bytes`);
        }
        const more = await incoming.append(found, bytes);
        return more.receivedBytes === more.order.tar.bytes ? finish(more) : ok(awaiting(more));
      }),
  };
}

/** Codes of a bundle that is not taken, and how that is told. */
const refusedBundles: Readonly<Partial<Record<ErrorCode, Omit<PublicationRefusal, "message">>>> = {
  BUNDLE_DIGEST: { status: 422, code: "BUNDLE_DIGEST" },
  BUNDLE_FORMAT: { status: 422, code: "BUNDLE_FORMAT" },
  BUNDLE_SIGNATURE: { status: 422, code: "BUNDLE_SIGNATURE" },
  BUNDLE_INCOMPATIBLE: { status: 422, code: "BUNDLE_INCOMPATIBLE" },
  DATA_FORMAT: { status: 422, code: "BUNDLE_FORMAT" },
  PUBLISH: { status: 409, code: "TOO_MANY" },
  UPDATE: { status: 409, code: "VERSION_TAKEN" },
};

function awaiting({ upload, receivedBytes }: IncomingBundle): PublicationReply {
  return { state: "awaiting", upload, receivedBytes };
}

function refuse(
  status: PublicationRefusal["status"],
  code: string,
  message: string,
): { ok: false; error: PublicationRefusal } {
  return failed({ status, code, message: message.slice(0, 500) });
}

function isNamed(name: string, pattern: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** Room may be made, and another process may end: what is here already stays. */
function describeTrouble(error: AuroraError): PublicationRefusal {
  const code = systemCodeOf(error.cause);
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return isFull
    ? { status: 507, code: "DISK_FULL", message: "the collector's disk is full; what has come is kept" }
    : { status: 503, code: "STORE", message: "the collector cannot publish now; its log says why" };
}
