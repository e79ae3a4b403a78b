/**
 * Why an alert of one measuring point is raised: the shares of the window's sensor groups, against the machine's own
 * healthy windows once they are known, and the lines that the windows of the alarm show. Decides nothing. What cannot be
 * said is left out: an alert without its reasons is better than none.
 */
import type { BearingOrders } from "../../core/contract/bundle/bearing.ts";
import type { Decision, Explanation } from "../../core/contract/prediction.ts";
import type { ExplanationBackground } from "../../core/explain/background.ts";
import { describeEvidence } from "../../core/explain/physical-evidence.ts";
import { createRecentWindows } from "../../core/explain/recent-windows.ts";
import { createSiteBackground } from "../../core/explain/site-background.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { explainScored } from "../../core/serving/explain-scored.ts";
import type { LoadedBundle, ScoredWindow } from "../../core/serving/loaded-bundle.ts";
import type { DueAlert } from "../alarms/alarm-register.ts";
import { type AlertContext, formatTime } from "../alarms/alert-event.ts";

/** A machine's own healthy windows, of the features of the bundle that serves. */
export interface HealthyWindows {
  /** Raw, in order of time. The same array as long as they are the same. */
  readonly rows: readonly Float32Array[];
  /** Median of each feature; null: not known. */
  readonly medians: readonly (number | null)[];
}

export interface AlertReasonsOptions {
  readonly bearing: BearingOrders;
  /** Null until they are learnt. */
  readonly healthyWindows: () => HealthyWindows | null;
  readonly logger: Logger;
}

/** A window that was decided. */
export interface ExplainedWindow extends ScoredWindow {
  readonly decision: Decision;
  /** NaN or absent: not known. */
  readonly powerKw?: number | undefined;
}

export interface AlertReasons {
  /** Remembers the window: what is due now or later may rest on it. */
  note(explained: ExplainedWindow): void;
  /** The reasons of what is due after `explained`, one an alert. */
  give(due: readonly DueAlert[], explained: ExplainedWindow): Promise<readonly AlertContext[]>;
}

/** Creates the reasons of a point of which no window is known. */
export function createAlertReasons({ bearing, healthyWindows, logger }: AlertReasonsOptions): AlertReasons {
  const recent = createRecentWindows();
  /** The model whose features the recent windows have. */
  let digest = "";
  let chosen: {
    readonly of: string;
    readonly rows: unknown;
    readonly own: ExplanationBackground | null;
  } | null = null;

  const chooseBackground = (bundle: LoadedBundle): ExplanationBackground | null => {
    const rows = healthyWindows()?.rows ?? [];
    if (chosen === null || chosen.rows !== rows || chosen.of !== bundle.ref.digest) {
      const { length } = bundle.manifest.features.list;
      const fitting = rows.filter((row) => row.length === length);
      const own = createSiteBackground(fitting.map(bundle.standardised));
      chosen = { of: bundle.ref.digest, rows, own };
    }
    return chosen.own;
  };

  const explain = async (explained: ExplainedWindow): Promise<readonly Explanation[]> => {
    // A device that does not say what its model was given leaves nothing to explain.
    if (explained.window.features.length === 0) return [];
    try {
      return await explainScored(explained, chooseBackground(explained.bundle));
    } catch (error) {
      // Its gap then says so.
      logger.error("an alert could not be explained", { error });
      return [];
    }
  };

  const gatherEvidence = ({ output, mode, sinceMs }: DueAlert, { bundle }: ExplainedWindow) => {
    const { features, window } = bundle.manifest;
    return describeEvidence(
      { failureMode: mode.failureMode, features, window, bearing },
      recent.listSpeaking({ output, sinceMs }),
      { since: formatTime(sinceMs), healthyFeatures: healthyWindows()?.medians ?? null },
    );
  };

  return {
    note: ({ window, decision, bundle, powerKw }) => {
      if (digest !== bundle.ref.digest) recent.clear();
      digest = bundle.ref.digest;
      if (window.features.length === 0 || decision.modes.length === 0) return;
      const { features, shaftRpm, toMs } = window;
      const probabilities = decision.modes.map(({ probability }) => probability);
      recent.note({ features, shaftRpm, toMs, powerKw, probabilities });
    },
    give: async (due, explained) => {
      const explanations = await explain(explained);
      const { horizonHours } = explained.bundle.manifest;
      return due.map((alert) => {
        const evidence = gatherEvidence(alert, explained);
        return { explanation: explanations[alert.output] ?? null, horizonHours, evidence };
      });
    },
  };
}
