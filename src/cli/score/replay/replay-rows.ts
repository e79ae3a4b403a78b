/** The windows of a replay as rows of a table: what the student said, and what was decided after it. */
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import type { Decision } from "../../../core/contract/prediction.ts";
import type { ScoredWindow } from "../../../core/serving/loaded-bundle.ts";
import type { Cell } from "../files/row-writer.ts";
import { probabilityKey } from "../recordings/file-summary.ts";

/** A window that was decided. */
export interface ReplayRow {
  readonly point: string;
  readonly decision: Decision;
  readonly scored: ScoredWindow;
}

interface ReplayCells {
  readonly columns: readonly string[];
  cellsOf(row: ReplayRow): Cell[];
}

export function placeReplayRows({ outputs }: Pick<Manifest, "outputs">): ReplayCells {
  const keys = outputs.map(({ failureMode }) => probabilityKey(failureMode));
  const columnsOf = (what: string): string[] => keys.map((key) => `${what}_${key}`);
  return {
    columns: [
      "point",
      "from_ms",
      "to_ms",
      "shaft_rpm",
      "state",
      ...columnsOf("quantised"),
      ...columnsOf("probability"),
      ...columnsOf("active"),
      "severity_db",
    ],
    cellsOf: ({ point, decision, scored }) => {
      // A window that could not be decided has no modes.
      const modeOf = <T extends Cell>(pick: (mode: Decision["modes"][number]) => T): (T | null)[] =>
        keys.map((_, index) => (decision.modes[index] === undefined ? null : pick(decision.modes[index])));
      return [
        point,
        decision.fromMs,
        decision.toMs,
        scored.window.shaftRpm,
        decision.operatingState,
        ...scored.output.quantised,
        ...modeOf(({ probability }) => probability),
        ...modeOf(({ active }) => (active ? 1 : 0)),
        decision.severityDb ?? null,
      ];
    },
  };
}
