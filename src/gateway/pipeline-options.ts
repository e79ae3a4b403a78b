/** What a pipeline is made of, and where its results go. */
import type { AlarmRegister } from "../alert/alarm-register.ts";
import type { AlertEvent } from "../contract/alert.ts";
import type { GatewayConfig } from "../contract/gateway-config.ts";
import type { Decision } from "../contract/prediction.ts";
import type { FeatureWindow, PointId, Quarantine, SchemaDrift } from "../contract/stream.ts";
import type { BaselineEvent } from "../decision/baseline-learner.ts";
import type { DeciderSnapshot } from "../decision/decider-snapshot.ts";
import type { Clock } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { BaselineStore } from "./baseline-store.ts";
import type { DataQuality } from "./data-quality.ts";
import type { LoadedBundle, StudentOutput } from "./loaded-bundle.ts";
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
