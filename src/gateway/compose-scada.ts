/** Joins the SCADA watch with the rest of a gateway. */

import type { AlertEvent } from "../core/contract/alert.ts";
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import type { Logger } from "../core/platform/logger.ts";
import { listComponents } from "../core/serving/scada-turbine.ts";
import type { ServedModels } from "../core/serving/served-models.ts";
import type { AlarmRegister } from "./alarms/alarm-register.ts";
import type { StatePublisher } from "./alarms/state-publisher.ts";
import { checkScadaConfig } from "./points/check-scada-config.ts";
import { createScadaStore } from "./points/scada-store.ts";
import { createScadaWatch, type ScadaWatch } from "./points/scada-watch.ts";
import type { DataQuality } from "./record/data-quality.ts";
import type { StateStore } from "./record/state-store.ts";
import type { Telemetry } from "./record/telemetry.ts";

/** What is joined. */
export interface ScadaParts {
  readonly config: GatewayConfig;
  readonly models: ServedModels;
  readonly register: AlarmRegister;
  readonly quality: DataQuality;
  readonly state: StateStore;
  readonly telemetry: Telemetry;
  readonly states: StatePublisher;
  readonly logger: Logger;
  readonly takeAlert: (event: AlertEvent) => void;
}

/** Creates the watch. @throws AuroraError CONFIG_INVALID when a `scadaBundle` cannot watch what is mapped. */
export function composeScada(parts: ScadaParts): ScadaWatch {
  const { config, models, telemetry, logger } = parts;
  checkScadaConfig(config, (name) => models.current(name).manifest);
  return createScadaWatch({
    config,
    register: parts.register,
    quality: parts.quality,
    logger,
    bundleOf: (name) => models.current(name),
    store: createScadaStore(parts.state, logger, (what) =>
      telemetry.event("scada-lost", what, "what was kept cannot be read; it is learnt anew"),
    ),
    sink: {
      onDecision: (decision) => {
        telemetry.decision(decision, null);
        parts.states.update(decision);
      },
      onAlert: parts.takeAlert,
      onQuarantine: (quarantine) => logger.debug("set aside", { ...quarantine }),
      onSchemaDrift: (drift) => {
        logger.warn("a turbine's SCADA schema changed", { ...drift });
        telemetry.schemaDrift(drift);
      },
      onEvent: (turbine, name, detail) => {
        logger.info(name, { turbine, detail });
        telemetry.event(name, turbine, detail);
      },
      onRow: (turbine, { row, output, state }, bundle) => {
        // Drift is asked of what the model is judged by.
        if (state !== "scored" && state !== "learning") return;
        const point = { site: config.gateway.site, turbine, component: "scada" };
        telemetry.drift(point, bundle, row.toMs, row.features, output.logits);
      },
    },
  });
}

/** Names of all bundles that a configuration asks for. */
export function listBundles(config: GatewayConfig): readonly string[] {
  const names = config.turbines.flatMap(({ points, scadaBundle }) => [
    ...points.map((point) => point.bundle),
    ...(scadaBundle === null ? [] : [scadaBundle]),
  ]);
  return [...new Set(names)];
}

/** Components that the SCADA bundle of `turbine` watches. */
export function listScadaComponents(
  config: GatewayConfig,
  models: ServedModels,
  turbine: string,
): readonly string[] {
  const name = config.turbines.find(({ id }) => id === turbine)?.scadaBundle ?? null;
  const spec = name === null ? undefined : models.current(name).manifest.normalBehaviour;
  return spec === undefined ? [] : listComponents(spec);
}
