/** How a bundle comes to a running collector: what its publisher signs, what the collector's API says of it, and the bounds. */
import { z } from "zod";
import { semverPattern } from "./bundle/manifest.ts";
import { namePattern, sha256Pattern } from "./bundle/plain-name.ts";
import { onDemand } from "./on-demand.ts";
import type { ShapeOf } from "./shape-of.ts";

/** What a publisher signs with its key: this bundle, in this form, for this repository, about now. */
export interface PublishOrder {
  /** Of the bundle's manifest. */
  readonly name: string;
  readonly version: string;
  /** SHA-256 of `manifest.json`, lower-case hex. */
  readonly digest: string;
  /** The bundle as one file. */
  readonly tar: { readonly bytes: number; readonly sha256: string };
  /** SHA-256 of the newest root metadata of the repository that it is for: no other collector takes it. */
  readonly repository: string;
  /** When it was signed, epoch ms. It is good for {@link orderLifetimeMs}. */
  readonly madeMs: number;
}

/** Bytes of a request that carries a part of a bundle, at most; a slow line must bring them within the server's 15 s. */
export const maxBundlePieceBytes = 131_072;

/** A bundle of 64 MiB, its 66 headers and what rounds its files up. */
export const maxPublishedBytes: number = (64 << 20) + 131_072;

/** Root metadata of a repository, bytes: a larger one is refused wherever it comes from. */
export const maxRootBytes = 512_000;

/** The same of a timestamp. */
export const maxTimestampBytes = 16_384;

/** How long an order is good, before and after it was signed; within it the bundle must have come. */
export const orderLifetimeMs = 3_600_000;

const sha256 = z.string().regex(sha256Pattern);
const name = z.string().regex(namePattern);
const version = z.string().regex(semverPattern).max(64);

export const publishOrderSchema: () => z.ZodType<PublishOrder> = onDemand(() =>
  z.strictObject({
    name,
    version,
    digest: sha256,
    tar: z.strictObject({ bytes: z.int().min(1_024).max(maxPublishedBytes), sha256 }),
    repository: sha256,
    madeMs: z.int().min(0).max(8.64e15),
  } satisfies ShapeOf<PublishOrder>),
);

/** A bundle that a collector serves to gateways. */
export interface ServedBundle {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  /** Of its tar. */
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Is no higher version of it served? */
  readonly isNewest: boolean;
}

const servedBundleSchema: () => z.ZodType<ServedBundle> = onDemand(() =>
  z.strictObject({
    name,
    version,
    digest: sha256,
    sizeBytes: z.int().min(0),
    sha256,
    isNewest: z.boolean(),
  } satisfies ShapeOf<ServedBundle>),
);

/** What `GET /api/v1/registry` answers. */
export interface RegistryView {
  /** SHA-256 of the newest root metadata; null: this collector serves no updates. */
  readonly repository: string | null;
  /** May anybody publish over the API? */
  readonly takesBundles: boolean;
  /** By name, newest version first. */
  readonly bundles: readonly ServedBundle[];
}

export const registryViewSchema: () => z.ZodType<RegistryView> = onDemand(() =>
  z.strictObject({
    repository: sha256.nullable(),
    takesBundles: z.boolean(),
    bundles: z.array(servedBundleSchema()),
  } satisfies ShapeOf<RegistryView>),
);

/** How far a publication is: parts are awaited, or it is served. */
export type PublicationReply =
  | {
      readonly state: "awaiting";
      /** Names it in the requests that bring its parts; known to its publisher alone. */
      readonly upload: string;
      /** Bytes that are here; the next part begins there. */
      readonly receivedBytes: number;
    }
  | {
      readonly state: "published";
      /** False: the same bundle was served before. */
      readonly isNew: boolean;
      readonly bundle: ServedBundle;
    };

export const uploadPattern: RegExp = /^[0-9a-f]{32}$/;

export const publicationReplySchema: () => z.ZodType<PublicationReply> = onDemand(() =>
  z.discriminatedUnion("state", [
    z.strictObject({
      state: z.literal("awaiting"),
      upload: z.string().regex(uploadPattern),
      receivedBytes: z.int().min(0),
    }),
    z.strictObject({ state: z.literal("published"), isNew: z.boolean(), bundle: servedBundleSchema() }),
  ]),
);

/** Name of the event that says who published what. */
export const publishedEventName = "bundle-published";
