/**
 * Publishes a bundle to a running collector: signs the order with the publisher's key, sends the bundle in parts, and goes on after
 * a break where the collector says that it stands. Signs nothing of the bundle itself.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Bundle } from "../../core/bundle/bundle.ts";
import type { Signer } from "../../core/bundle/dsse.ts";
import { signPublishOrder } from "../../core/bundle/publish-order.ts";
import { packBundle } from "../../core/bundle/tar.ts";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import {
  maxBundlePieceBytes,
  maxPublishedBytes,
  type ServedBundle,
} from "../../core/contract/publication.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { mayPass } from "../ask/ask-collector.ts";
import type { PublicationAnswer, RegistryClient } from "./registry-client.ts";

/** What is published, how and where. */
export interface PublishPlan {
  readonly bundle: Bundle;
  readonly publisher: Signer;
  readonly client: RegistryClient;
  /** Address of the collector, for messages. */
  readonly collector: string;
  /** SHA-256 of the root metadata that the collector must have; null: whatever it has. */
  readonly root: string | null;
  /** How long a collector that has not answered yet is waited for, ms, where it may answer later. */
  readonly firstPatienceMs: number;
  /** How long one that has answered and falls silent, or has no time, is waited for without any progress, ms. */
  readonly patienceMs: number;
  readonly onProgress: (sentBytes: number, ofBytes: number) => void;
  /** Called with words when a break is waited out. */
  readonly onBreak: (message: string) => void;
}

/** What became of it. */
export interface PublishedNow {
  readonly bundle: ServedBundle;
  /** False: the same bundle was served before. */
  readonly isNew: boolean;
  /** SHA-256 of the root metadata of the repository that serves it. */
  readonly repository: string;
}

const op = "publish bundle";
const firstPauseMs = 250;
const longestPauseMs = 5_000;

/**
 * Resolves when the bundle is served.
 * @throws AuroraError PUBLISH where the collector refuses, with why; COLLECTOR where it does not answer in time; BUNDLE_FORMAT for
 * a bundle that is larger than may be published
 */
export async function publishBundle(plan: PublishPlan): Promise<PublishedNow> {
  const { bundle, client, collector } = plan;
  const tar = packBundle(bundle);
  const { name, version } = bundle.manifest;
  const subject = `${name}@${version}`;
  if (tar.length > maxPublishedBytes) {
    throw new AuroraError(
      "BUNDLE_FORMAT",
      `${subject} has ${tar.length} bytes, at most ${maxPublishedBytes} are taken`,
      {
        op,
        subject,
        hint: "The bundle is whole but too large to be shipped: make it again with a smaller student.",
      },
    );
  }
  const repository = await findRepository(plan);
  const patience = createPatience(plan);
  const order = {
    name,
    version,
    digest: bundle.digest,
    tar: { bytes: tar.length, sha256: sha256Hex(tar) },
    repository,
  };
  const sendOrder = (): Promise<PublicationAnswer> =>
    client.order(signPublishOrder({ ...order, madeMs: Date.now() }, plan.publisher));

  let furthest = -1;
  let answer = await tryTo(sendOrder);
  for (;;) {
    if (answer instanceof AuroraError) {
      await patience.waitOut(answer);
      answer = await tryTo(sendOrder);
      continue;
    }
    if (!answer.ok) {
      // Its own words for: I stand elsewhere, or begin anew.
      const isStep = answer.code === "OFFSET" || answer.code === "NO_UPLOAD";
      const isBreak = answer.status === 503 || answer.code === "BUSY";
      if (!isStep && !isBreak) throw describeRefusal(answer, { subject, collector });
      await patience.waitOut(describeRefusal(answer, { subject, collector }));
      answer = await tryTo(sendOrder);
      continue;
    }
    const { reply } = answer;
    if (reply.state === "published") {
      plan.onProgress(tar.length, tar.length);
      return { bundle: reply.bundle, isNew: reply.isNew, repository };
    }
    const { upload, receivedBytes: from } = reply;
    plan.onProgress(from, tar.length);
    if (from > furthest) {
      furthest = from;
      patience.renew();
    }
    answer = await tryTo(() => client.part(upload, from, tar.subarray(from, from + maxBundlePieceBytes)));
  }
}

/** How long what may pass is waited out, from the beginning on and from each progress. */
interface Patience {
  /** Waits. @throws AuroraError what it was, when patience has ended */
  waitOut(what: AuroraError): Promise<void>;
  renew(): void;
}

function createPatience({ patienceMs, onBreak }: Pick<PublishPlan, "patienceMs" | "onBreak">): Patience {
  let sinceMs = performance.now();
  let pauseMs = firstPauseMs;
  return {
    waitOut: async (what) => {
      if (performance.now() - sinceMs >= patienceMs) throw what;
      onBreak(what.message);
      await delay(pauseMs);
      pauseMs = Math.min(longestPauseMs, 2 * pauseMs);
    },
    renew: () => {
      sinceMs = performance.now();
      pauseMs = firstPauseMs;
    },
  };
}

/** An answer, or that there was none. */
async function tryTo<T>(send: () => Promise<T>): Promise<T | AuroraError> {
  try {
    return await send();
  } catch (error) {
    if (hasErrorCode(error, "COLLECTOR")) return error;
    throw error;
  }
}

/** The first question: a wrong address is told at once. */
async function findRepository(plan: PublishPlan): Promise<string> {
  const { client, collector, root, firstPatienceMs, onBreak } = plan;
  const patience = createPatience({ patienceMs: firstPatienceMs, onBreak });
  let view = await tryTo(() => client.view());
  while (view instanceof AuroraError) {
    if (!mayPass(view)) throw view;
    await patience.waitOut(view);
    view = await tryTo(() => client.view());
  }
  const { repository, takesBundles } = view;
  const refuse = (message: string, hint: string): AuroraError =>
    new AuroraError("PUBLISH", message, { op, subject: collector, hint });
  if (repository === null || !takesBundles) {
    throw refuse(
      `the collector at ${collector} takes bundles from nobody`,
      "Whoever runs it has to set registry.keysDir, and list your public key under registry.publishers.",
    );
  }
  if (root !== null && repository !== root) {
    throw refuse(
      `the collector at ${collector} has other root metadata (${repository.slice(0, 16)}…) than the file (${root.slice(0, 16)}…)`,
      "It is another installation, or its keys have been changed since: ask whoever runs it for its root.json.",
    );
  }
  return repository;
}

/** What helps where the collector refuses with this word. */
const hints: Readonly<Record<string, string>> = {
  NOT_PERMITTED: "Whoever runs the collector has to list your public key under registry.publishers.",
  UNKNOWN_PUBLISHER:
    "The collector has to list the public half of --key under registry.publishers (keyFile), and to be started again.",
  MODEL_NOT_PERMITTED: "The collector's registry.publishers has to name this model among your models.",
  OTHER_REPOSITORY: "The collector's root metadata changed meanwhile: publish again.",
  ORDER_TIME: "Set this machine's clock, or the collector's.",
  VERSION_TAKEN:
    "A version never changes what it means: give new content a higher one (train with it, or `aurora bundle republish`).",
  BUNDLE_SIGNATURE:
    "Sign it with a key that the collector trusts (registry.trustedKeys), and its gateways as well: `aurora bundle sign DIR --key FILE`.",
  BUNDLE_INCOMPATIBLE:
    "Update the collector and then its gateways, or train the model with this runtime; a model of another kind is published under another name.",
  BUNDLE_DIGEST:
    "Look at the bundle here (`aurora bundle verify DIR`), and publish it again: what came may have been damaged on its way.",
  TOO_MANY:
    "Publish again when your other bundles have come; where the repository is full, whoever runs the collector begins one anew with other keys.",
  DISK_FULL: "Make room on the collector's disk, and publish again: it goes on where it stood.",
  ORDER: "Update the older one of the two: this command, or the collector.",
};

function describeRefusal(
  { code, message }: { readonly code: string; readonly message: string },
  { subject, collector }: { readonly subject: string; readonly collector: string },
): AuroraError {
  const hint = hints[code];
  return new AuroraError("PUBLISH", `the collector at ${collector} does not take ${subject}: ${message}`, {
    op,
    subject,
    ...(hint === undefined ? {} : { hint }),
  });
}
