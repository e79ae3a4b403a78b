import { expect } from "vitest";
import type { Gateway } from "./update-fixture.ts";

/** Lets a gateway look for updates, and expects that it refuses the metadata and says why. */
export async function expectRefused(gateway: Gateway, reason: RegExp): Promise<void> {
  const outcome = await gateway.updater.checkNow();
  const words = expect.stringMatching(reason);
  expect(outcome).toMatchObject({ kind: "refused", version: null, reason: words });
  expect(gateway.steps.at(-1)).toMatchObject({ step: "refused", toVersion: "" });
  expect(gateway.activated.map(({ bundle }) => bundle.manifest.version)).not.toContain("6.6.6");
}
