/**
 * The features catalogue, version 1: which chains exist and who binds them.
 *
 * | chain kind       | parameters                                                                          | operators |
 * |------------------|-------------------------------------------------------------------------------------|-----------|
 * | `envelope-order` | whiteningOrder, whiteningBlock (samples), samplesPerRevolution, fftSize, revolutions (longest window), floorOrders | `envelope-operators.ts` |
 */
import { type FeatureSpec, featuresCatalogueVersion } from "../contract/feature-spec.ts";
import type { ChainBinder } from "./chain.ts";
import { bindEnvelopeOrderChain } from "./envelope-order-chain.ts";
import { refuse } from "./read-params.ts";

const waveformChains: Readonly<Record<string, ChainBinder>> = {
  "envelope-order": bindEnvelopeOrderChain,
};

/** Finds the binder of a chain kind. @throws AuroraError BUNDLE_INCOMPATIBLE for an unknown kind. */
export function findWaveformChain(kind: string, name: string): ChainBinder {
  const binder = Object.hasOwn(waveformChains, kind) ? waveformChains[kind] : undefined;
  if (binder === undefined) {
    throw refuse(
      `chain ${name}`,
      `no chain kind "${kind}"; there are ${Object.keys(waveformChains).join(", ")}`,
    );
  }
  return binder;
}

/** Refuses a spec for another version of the catalogue. @throws AuroraError BUNDLE_INCOMPATIBLE. */
export function checkCatalogueVersion(spec: FeatureSpec): void {
  if (spec.catalogueVersion !== featuresCatalogueVersion) {
    throw refuse(
      "feature spec",
      `is for catalogue version ${spec.catalogueVersion}, this runtime has ${featuresCatalogueVersion}`,
    );
  }
}
