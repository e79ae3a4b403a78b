/** Joins the pipeline of the measuring points with the rest of a gateway. */
import type { AlarmRegister } from "../alert/alarm-register.ts";
import type { AlertEvent } from "../contract/alert.ts";
import type { GatewayConfig } from "../contract/gateway-config.ts";
import type { Clock } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { StateStore } from "../store/state-store.ts";
import { createBaselineStore } from "./baseline-store.ts";
import type { DataQuality } from "./data-quality.ts";
import { createPipeline, type Pipeline } from "./pipeline.ts";
import type { ServedModels } from "./served-models.ts";
import type { ServingFigures } from "./serving-figures.ts";
import type { Snapshots } from "./snapshots.ts";
import type { StatePublisher } from "./state-publisher.ts";
import type { Telemetry } from "./telemetry.ts";
import type { WorkGauge } from "./work-gauge.ts";

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
