/** Puts a checked bundle into the slot that does not serve, and trusts only what it reads back from there. */
import type { VerifiedBundle } from "../../core/bundle/bundle.ts";
import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { verifyBundle } from "../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { SlotName, Slots } from "../../core/serving/slots.ts";

/**
 * Stages `bundle` beside what serves in `runningDir`, unless it is there already; gives its slot.
 * @throws AuroraError STORE when the slot does not hold what was written to it.
 */
export async function stageBundle(
  slots: Slots,
  bundle: VerifiedBundle,
  runningDir: string,
  trustedKeys: readonly TrustedKey[],
): Promise<SlotName> {
  const slot = await slots.free(runningDir);
  const isThere = (): Promise<boolean> =>
    verifyBundle(slots.dir(slot), trustedKeys).then(
      ({ digest }) => digest === bundle.digest,
      () => false,
    );
  if (await isThere()) return slot;
  await slots.stage(slot, bundle);
  if (await isThere()) return slot;
  throw new AuroraError("STORE", "does not hold what was written to it", {
    op: "stage update",
    subject: slots.dir(slot),
    hint: "Check the disk.",
  });
}
