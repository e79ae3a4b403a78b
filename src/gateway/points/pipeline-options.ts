/** What a pipeline is made of, and where its results go. */

import type { AlertEvent } from "../../core/contract/alert.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type { Decision } from "../../core/contract/prediction.ts";
import type { FeatureWindow, PointId, Quarantine, SchemaDrift } from "../../core/contract/stream.ts";
import type { BaselineEvent } from "../../core/decision/baseline-learner.ts";
import type { DeciderSnapshot } from "../../core/decision/decider-snapshot.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { LoadedBundle, StudentOutput } from "../../core/serving/loaded-bundle.ts";
import type { AlarmRegister } from "../alarms/alarm-register.ts";
import type { DataQuality } from "../record/data-quality.ts";
import type { BaselineStore } from "./baseline-store.ts";
import type { WorkGauge } from "./work-gauge.ts";

/** What comes out. */
export interface PipelineSink {
  /** `scored` is null when the point had no data. */
  onDecision(decision: Decision, scored: ScoredWindow | null): void;
  onAlert(event: AlertEvent): void;
  onQuarantine(quarantine: Quarantine, turbine: string | null): void;
  onSchemaDrift(drift: SchemaDrift): void;
  /** A device computed other integers than this gateway. */
  onScoreMismatch?(deviceId: string, detail: string): void;
  onBaseline?(point: PointId, event: BaselineEvent): void;
}

/** A window with what was made of it. */
export interface ScoredWindow {
  readonly window: FeatureWindow;
  readonly output: StudentOutput;
  readonly bundle: LoadedBundle;
}

/** What a pipeline is made of. */
export interface PipelineOptions {
  readonly config: GatewayConfig;
  /** Bundle that serves a name. */
  readonly bundleOf: (name: string) => LoadedBundle;
  readonly register: AlarmRegister;
  readonly quality: DataQuality;
  /** Deciders' state of the last run by `<turbine>/<component>`. */
  readonly snapshots: ReadonlyMap<string, DeciderSnapshot>;
  /** Keeps the baselines over restarts, by the same names; without it they are learnt anew in every run. */
  readonly baselines?: BaselineStore;
  /** Counts the windows and scores that wait to be judged. */
  readonly load?: WorkGauge;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sink: PipelineSink;
}
