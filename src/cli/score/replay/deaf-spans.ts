/** When a point's sensor heard far less than its machine's own healthy level, and how much less. Raises nothing: an alarm is of a machine. */
import type { WindowSeverity } from "../../../core/decision/reference/window-severity.ts";
import { formatInstant } from "../files/time-doubts.ts";

/** Times are ISO 8601 UTC. */
export interface DeafSpan {
  /** Beginning of its first window. */
  readonly since: string;
  /** When that had lasted long enough to say so. */
  readonly toldAt: string;
  /** End of the last window before it was heard to hear, or when the point was renewed; null: it lasted to the end. */
  readonly until: string | null;
  /** It ended because the point was renewed then: what it heard before is no measure any more. */
  readonly isRenewed?: true;
  /** Mean of its quiet windows, dB below the own reference, > 0; of one at a speed that was not learnt what is sure. */
  readonly quieterDb: number;
}

/** A window that was held against the point's own reference. */
export interface HeardLevel {
  readonly fromMs: number;
  readonly toMs: number;
  /** Above the own reference. */
  readonly severity: Pick<WindowSeverity, "atMostDb">;
  /** Windows that were as quiet as of a deaf sensor, with this one, since the sensor was last heard to hear. */
  readonly quietWindows: number;
  readonly isDeaf: boolean;
}

interface DeafSpans {
  update(level: HeardLevel): void;
  /** The point was renewed: against what its sensor hears less is not known any more. */
  renew(atMs: number): void;
  readonly spans: readonly DeafSpan[];
}

/** A stretch of quiet windows, none between of a sensor that hears. */
interface QuietStretch {
  readonly sinceMs: number;
  toldMs: number | null;
  lastMs: number;
  windows: number;
  sumDb: number;
}

/** Creates it for a sensor that hears. */
export function createDeafSpans(): DeafSpans {
  const ended: DeafSpan[] = [];
  let stretch: QuietStretch | null = null;
  return {
    update: ({ fromMs, toMs, severity: { atMostDb }, quietWindows, isDeaf }) => {
      if (quietWindows === 0) {
        if (stretch !== null) ended.push(...describeStretch(stretch, stretch.lastMs));
        stretch = null;
        return;
      }
      stretch ??= { sinceMs: fromMs, toldMs: null, lastMs: toMs, windows: 0, sumDb: 0 };
      stretch.lastMs = toMs;
      if (isDeaf) stretch.toldMs ??= toMs;
      // One may say nothing of the sensor, as at a speed far from those that were learnt.
      if (atMostDb === null || quietWindows === stretch.windows) return;
      stretch.windows = quietWindows;
      stretch.sumDb += atMostDb;
    },
    renew: (atMs) => {
      const spans = stretch === null ? [] : describeStretch(stretch, atMs);
      ended.push(...spans.map((span) => ({ ...span, isRenewed: true as const })));
      stretch = null;
    },
    get spans() {
      return stretch === null ? ended : [...ended, ...describeStretch(stretch, null)];
    },
  };
}

/** None, where it was too short to be told. */
function describeStretch(
  { sinceMs, toldMs, windows, sumDb }: QuietStretch,
  untilMs: number | null,
): readonly DeafSpan[] {
  if (toldMs === null) return [];
  const until = untilMs === null ? null : formatInstant(untilMs);
  const quieterDb = -sumDb / windows;
  return [{ since: formatInstant(sinceMs), toldAt: formatInstant(toldMs), until, quieterDb }];
}
