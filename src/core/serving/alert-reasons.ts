/**
 * Why an alert of one measuring point is raised: the shares of the window's sensor groups, against the machine's own
 * healthy windows once they are known, and the lines that the windows of the alarm show. Decides nothing. What cannot be
 * said is left out: an alert without its reasons is better than none.
 */

import { formatTime } from "../contract/iso-time.ts";
import type { Explanation } from "../contract/prediction.ts";
import type { DueAlert, OpenAlarm } from "../decision/alarms/alarm-register.ts";
import type { AlertContext } from "../decision/alarms/alert-event.ts";
import type { PointWatch } from "../decision/point-watch.ts";
import { type HealthyRows, listHealthyRows } from "../decision/reference/healthy-rows.ts";
import type { ExplanationBackground } from "../explain/background.ts";
import { shareCoincidingModes } from "../explain/coinciding-modes.ts";
import { shareLineColumns } from "../explain/fault-lines.ts";
import { describeEvidence, type LikeAlarm } from "../explain/physical-evidence.ts";
import { createRecentWindows, type RecentWindows } from "../explain/recent-windows.ts";
import { createSiteBackground } from "../explain/site-background.ts";
import { computeMedian } from "../maths/robust.ts";
import type { Logger } from "../platform/logger.ts";
import { digestScoring } from "./digest-scoring.ts";
import { explainScored } from "./explain-scored.ts";
import type { LoadedBundle, ScoredWindow } from "./loaded-bundle.ts";
import type { HeardMachine } from "./spec-cutter.ts";

interface AlertReasonsOptions extends HeardMachine {
  /** Knows the machine's own healthy windows, once they are learnt. */
  readonly watch: Pick<PointWatch, "healthyRows">;
  readonly logger: Logger;
}

export interface AlertReasons {
  /** Remembers the window: what is due now or later may rest on it. */
  note(scored: ScoredWindow): void;
  /** The reasons of what is due after `scored`, one an alert; `likeAlarms` are open, oldest first, at bearings that are alike: default none. */
  give(
    due: readonly DueAlert[],
    scored: ScoredWindow,
    likeAlarms?: readonly OpenAlarm[],
  ): Promise<readonly AlertContext[]>;
}

/** What the machine's own healthy windows are to explanations. */
interface HealthySelf {
  readonly background: ExplanationBackground | null;
  /** Of each feature. */
  readonly medians: readonly (number | null)[];
}

/** Creates the reasons of a point of which no window is known. */
export function createAlertReasons(options: AlertReasonsOptions): AlertReasons {
  return new Reasons(options);
}

class Reasons implements AlertReasons {
  readonly #options: AlertReasonsOptions;
  /** Null before the first window. */
  #recent: RecentWindows | null = null;
  /** What made the features and logits of the recent windows. */
  #recentOf = "";
  #known: { readonly of: string; readonly rows: HealthyRows; readonly self: HealthySelf } | null = null;

  constructor(options: AlertReasonsOptions) {
    this.#options = options;
  }

  note({ window, output, bundle, powerKw }: ScoredWindow): void {
    const scoring = digestScoring(bundle.manifest);
    if (this.#recentOf !== scoring) this.#recent = null;
    this.#recentOf = scoring;
    if (window.features.length === 0) return;
    this.#recent ??= createRecentWindows(shareLineColumns(bundle.manifest.features, this.#options.bearing));
    this.#recent.note(window, { powerKw, logits: output.logits });
  }

  async give(
    due: readonly DueAlert[],
    scored: ScoredWindow,
    likeAlarms: readonly OpenAlarm[] = [],
  ): Promise<readonly AlertContext[]> {
    const { manifest } = scored.bundle;
    const { features, window } = manifest;
    const { bearing, polePairs, gearedShafts } = this.#options;
    const self = this.#knowSelf(scored.bundle);
    const coinciding = shareCoincidingModes(features, bearing);
    const explanations = await this.#explain(scored, self);
    return due.map(({ output, mode, sinceMs }) => ({
      explanation: explanations[output] ?? null,
      horizonHours: manifest.horizonHours,
      evidence: describeEvidence(
        { failureMode: mode.failureMode, features, window, bearing, polePairs, gearedShafts },
        this.#recent?.listSince({ output, sinceMs }) ?? [],
        {
          since: formatTime(sinceMs),
          leadingMode: mode.leadingMode,
          healthyFeatures: self.medians,
          learntRpm: this.#options.watch.healthyRows.speeds,
          likeAlarm: findOlder(likeAlarms, { failureMode: mode.failureMode, sinceMs, coinciding }),
        },
      ),
    }));
  }

  #knowSelf(bundle: LoadedBundle): HealthySelf {
    const rows = this.#options.watch.healthyRows;
    const of = bundle.ref.digest;
    if (this.#known === null || this.#known.rows !== rows || this.#known.of !== of) {
      this.#known = { of, rows, self: describeSelf(rows, bundle) };
    }
    return this.#known.self;
  }

  async #explain(scored: ScoredWindow, self: HealthySelf): Promise<readonly Explanation[]> {
    // A device that does not say what its model was given leaves nothing to explain.
    if (scored.window.features.length === 0) return [];
    try {
      return await explainScored(scored, self.background);
    } catch (error) {
      // Its gap then says so.
      this.#options.logger.error("an alert could not be explained", { error });
      return [];
    }
  }
}

/** The oldest that stands, of the same failure mode or of one that lines do not tell from it. */
function findOlder(
  alarms: readonly OpenAlarm[],
  own: Pick<OpenAlarm, "failureMode" | "sinceMs"> & { readonly coinciding: readonly string[] },
): LikeAlarm | undefined {
  const { coinciding } = own;
  const alike = coinciding.includes(own.failureMode) ? coinciding : [own.failureMode];
  const older = alarms.find(
    ({ failureMode, conditionActive, sinceMs }) =>
      alike.includes(failureMode) && conditionActive && sinceMs < own.sinceMs,
  );
  if (older === undefined) return undefined;
  const { component, failureMode, sinceMs } = older;
  return { component, failureMode, since: formatTime(sinceMs) };
}

function describeSelf(rows: HealthyRows, bundle: LoadedBundle): HealthySelf {
  const { list } = bundle.manifest.features;
  const fitting = rows.features === list.length ? listHealthyRows(rows) : [];
  return {
    background: createSiteBackground(fitting.map((row) => bundle.standardised(row))),
    medians: list.map((_, column) => {
      const values = fitting.map((row) => row[column]!).filter(Number.isFinite);
      return values.length === 0 ? null : computeMedian(values);
    }),
  };
}
