import { onTestFinished } from "vitest";
import { createEmbeddedBroker } from "../../src/core/platform/mqtt/embedded-broker.ts";
import type { Installation } from "./installation.ts";

/** A broker of the site's own at an installation's address, where bridge and gateway may do as they like. */
export async function startOpenBroker(installation: Installation): Promise<void> {
  const broker = await createEmbeddedBroker({
    port: Number(new URL(installation.mqttUrl).port),
    authenticate: () => true,
    authorisePublish: () => true,
    authoriseSubscribe: () => true,
  });
  onTestFinished(() => broker.close());
}
