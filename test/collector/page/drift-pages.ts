/** Fleets by hand: levels of points over days, and verdicts of the last, for tests of what the page makes of them. */
import type { FleetDriftView } from "../../../src/collector/fleet/load-drift-pages.ts";
import type { DriftLevel, DriftVerdict } from "../../../src/core/contract/drift-verdict.ts";
import type { PointLevels } from "../../../src/core/contract/drift-verdict-schema.ts";
import { verdictDayMs, verdictFromMs } from "../../core/contract/drift-verdicts.ts";

/** Names of the days up to that of a hand-made verdict. */
export function daysUpTo(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) =>
    new Date(verdictFromMs - (count - 1 - index) * verdictDayMs).toISOString().slice(0, 10),
  );
}

/** Levels by a letter a day: `s`table, `w`arning, `d`rift, `l`earning, `p`aused, `i`nsufficient, a space for none. */
export function levelsOf(letters: string): readonly (DriftLevel | null)[] {
  const levels: readonly DriftLevel[] = ["stable", "warning", "drift", "learning", "paused", "insufficient"];
  return [...letters].map((letter) => levels.find((level) => level.startsWith(letter)) ?? null);
}

/** One point. */
export function pointOf(path: string, letters: string): PointLevels {
  const [site = "", turbine = "", component = ""] = path.split("/");
  return { site, turbine, component, levels: levelsOf(letters) };
}

/** The fleet on the last of its points' days. */
export function fleetOf(points: readonly PointLevels[], moved: readonly DriftVerdict[]): FleetDriftView {
  const days = daysUpTo(points[0]?.levels.length ?? 0);
  return { day: days.at(-1) ?? null, table: { days, points }, warningShare: 0.01, moved };
}
