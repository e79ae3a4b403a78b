/** Joins the pipeline of the measuring points with the rest of a gateway. */

import type { AlertEvent } from "../core/contract/alert.ts";
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import type { Clock } from "../core/platform/clock.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { ServedModels } from "../core/serving/served-models.ts";
import type { AlarmRegister } from "./alarms/alarm-register.ts";
import type { StatePublisher } from "./alarms/state-publisher.ts";
import { createBaselineStore } from "./points/baseline-store.ts";
import { createPipeline, type Pipeline } from "./points/pipeline.ts";
import type { Snapshots } from "./points/snapshots.ts";
import type { WorkGauge } from "./points/work-gauge.ts";
import type { DataQuality } from "./record/data-quality.ts";
import type { StateStore } from "./record/state-store.ts";
import type { Telemetry } from "./record/telemetry.ts";
import type { ServingFigures } from "./status/serving-figures.ts";

/** What is joined. */
export interface PipelineParts {
  readonly config: GatewayConfig;
  readonly models: ServedModels;
  readonly register: AlarmRegister;
  readonly quality: DataQuality;
  readonly snapshots: Snapshots;
  readonly state: StateStore;
  readonly telemetry: Telemetry;
  readonly states: StatePublisher;
  readonly figures: ServingFigures;
  readonly load: WorkGauge;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly takeAlert: (event: AlertEvent) => void;
}

/** Creates the pipeline: what it decides, sets aside and notices goes to logs, telemetry and states. */
export function composePipeline(parts: PipelineParts): Pipeline {
  const { config, models, register, quality, snapshots, state, telemetry, states, figures } = parts;
  const { load, clock, logger, takeAlert } = parts;
  return createPipeline({
    config,
    bundleOf: (name) => models.current(name),
    register,
    quality,
    snapshots: snapshots.deciders,
    baselines: createBaselineStore(state, logger, (point) =>
      telemetry.event("baseline-lost", point, "what was kept cannot be read; it is learnt anew"),
    ),
    load,
    clock,
    logger,
    sink: {
      onDecision: (decision, scored) => {
        if (scored !== null) figures.record(scored.window, scored.output.quantised);
        telemetry.decision(decision, scored);
        states.update(decision);
      },
      onAlert: takeAlert,
      onQuarantine: (quarantine) => logger.debug("set aside", { ...quarantine }),
      onBaseline: ({ turbine, component }, { kind, detail }) => {
        logger.info("baseline", { turbine, component, kind, detail });
        telemetry.event(`baseline-${kind}`, `${turbine}/${component}`, detail);
      },
      onScoreMismatch: (deviceId, detail) => {
        logger.error("a device computes other integers than this gateway", { device: deviceId, detail });
        telemetry.event("score-mismatch", deviceId, detail);
      },
      onSchemaDrift: (drift) => {
        logger.warn("a device's schema changed", { ...drift });
        telemetry.schemaDrift(drift);
      },
    },
  });
}
