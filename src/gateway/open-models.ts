/** The bundles that a gateway is configured to serve: opened, and held against what the configuration says of them. */
import { basename } from "node:path";
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import type { ModelRef } from "../core/contract/prediction.ts";
import { nodeFileSystem } from "../core/platform/files/file-system.ts";
import type { Logger } from "../core/platform/logger.ts";
import { checkMinWindows, listPointBundles } from "../core/serving/check-commissioning.ts";
import { listBundles } from "../core/serving/configured-models.ts";
import { createFitCheck } from "../core/serving/find-misfit.ts";
import { findNewestVersion, openServedModels, type ServedModels } from "../core/serving/served-models.ts";
import type { GatewayRecord } from "./gateway-record.ts";
import { tellServing } from "./tell-start.ts";
import type { SlotProof } from "./updates/slot-proof.ts";

interface OpenModelsOptions {
  readonly config: GatewayConfig;
  readonly runtimeVersion: string;
  readonly slotProof: Pick<SlotProof, "proveOnce">;
  readonly record: Pick<GatewayRecord, "state" | "outbox" | "telemetry">;
  readonly logger: Logger;
}

/** @throws AuroraError CONFIG_INVALID where the configuration does not fit a bundle that it was installed with. */
export async function checkInstalled(config: GatewayConfig, models: ServedModels): Promise<void> {
  for (const name of listPointBundles(config)) {
    const { manifest } = models.current(name);
    const installed = basename(await findNewestVersion(config.bundles.dir, name));
    // What came by an update asks for what it needs by itself, and the learner obeys the larger number.
    if (manifest.version === installed) checkMinWindows(config.commissioning, manifest);
  }
}

/**
 * Opens what the configuration asks for, and tells what serves where that is not what it was.
 * @throws AuroraError BUNDLE_*, DATA_MISSING or INFERENCE without a bundle that can serve.
 */
export async function openModels({
  config,
  logger,
  runtimeVersion,
  slotProof,
  record,
}: OpenModelsOptions): Promise<ServedModels> {
  const serving = new Map<ModelRef, readonly string[]>();
  const models = await openServedModels({
    names: listBundles(config),
    inferredNames: listInferred(config),
    bundlesDir: config.bundles.dir,
    trustedKeyPaths: config.bundles.trustedKeys,
    stateDir: config.gateway.stateDir,
    engine: config.bundles.engine,
    runtimeVersion,
    files: nodeFileSystem,
    logger,
    findMisfit: createFitCheck(config),
    proveSlot: slotProof.proveOnce,
    onRefused: ({ dir, error }, serves) => {
      const inItsPlace = `${serves.name} ${serves.version} serves in its place`;
      logger.error("a bundle was refused", { dir, error, inItsPlace });
      record.telemetry.event("bundle-refused", dir, `${error.message}; ${inItsPlace}`);
    },
    onServes: (ref, signedBy) => serving.set(ref, signedBy),
  });
  tellServing(serving, { record, logger });
  return models;
}

/** Names of the bundles that devices of a configuration infer with. */
function listInferred({ devices, turbines }: GatewayConfig): readonly string[] {
  const inferring = new Set(devices.filter(({ mode }) => mode !== "raw").map(({ id }) => id));
  const points = turbines.flatMap((turbine) => turbine.points);
  return points.filter(({ device }) => inferring.has(device)).map(({ bundle }) => bundle);
}
