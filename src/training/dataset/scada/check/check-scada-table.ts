/** Looks through tables and log for what would spoil training, before hours are spent on it. Changes and repairs nothing. */
import { listComponents } from "../../../../core/contract/bundle/normal-behaviour.ts";
import { computeQuantile } from "../../../../core/maths/robust.ts";
import { listEmptyPeriods } from "../period-rows.ts";
import { readLogLines } from "../read-log.ts";
import { type ScadaSource, scanScadaTables } from "../read-series.ts";
import { describeDenied } from "../table-columns.ts";
import { listDoubtsOfAir } from "./check-air.ts";
import { checkTableClock, type NeverTime } from "./check-clocks.ts";
import { checkLevels } from "./check-levels.ts";
import { checkLogClock, checkLogLines } from "./check-log.ts";
import { checkPlausible } from "./check-plausible.ts";
import { checkCopies, checkLosses, checkStretches } from "./check-rows.ts";
import { type DataFinding, severities } from "./data-finding.ts";
import type { ScannedFarm } from "./scanned-farm.ts";

/** What the configuration says beside its data set. */
interface CheckedBehaviour {
  /** Channels whose temperatures are a component's, and the components. */
  readonly residuals: readonly { readonly channel: string; readonly component: string }[];
  readonly powerChannel: string;
}

/** What was looked at, and what was found; errors first. */
export interface ScadaTableCheck {
  readonly turbines: readonly {
    readonly turbine: string;
    readonly rows: number;
    readonly from: string;
    readonly to: string;
  }[];
  readonly logLines: number;
  readonly findings: readonly DataFinding[];
}

/** Share of rated power below which a turbine stands. */
const standingShare = 0.01;

/**
 * Checks everything that `dataset` names. Fails with DATA_MISSING or DATA_FORMAT only where a file cannot be read or lacks
 * a column that the configuration names.
 */
export async function checkScadaTable(
  dataDir: string,
  source: ScadaSource,
  { residuals, powerChannel }: CheckedBehaviour,
): Promise<ScadaTableCheck> {
  let never: NeverTime | null = null as NeverTime | null;
  const denied = new Map<string, DataFinding>();
  const scanned = await scanScadaTables(dataDir, source, {
    period: "all",
    hasPlaces: true,
    onNever: (place, cell) => {
      never = never === null ? { place, cell: String(cell), count: 1 } : { ...never, count: never.count + 1 };
    },
    onDenied: (file, each) => {
      if (denied.has(each.channel)) return;
      const value = `${each.stated} in its name, ${each.declared} in the configuration`;
      denied.set(each.channel, {
        check: "unit",
        severity: "error",
        file,
        place: "",
        value,
        ...describeDenied(each),
      });
    },
  });
  const farm: ScannedFarm = { ...scanned, dataDir, source };
  const { log } = source.dataset;
  const lines = log === undefined ? [] : await readLogLines(dataDir, log);
  const watched = listComponents({ residuals });
  const outputs = residuals.map(({ channel }) => channel);
  const clock = checkTableClock(farm, never);
  // Beside a table whose own clock is wrong nothing can be said of the log's.
  const isClockSure = lines.length > 0 && !clock.some(({ severity }) => severity === "error");
  const findings = [
    ...checkLosses(farm),
    ...checkStretches(farm),
    ...clock,
    ...checkPeriods(farm),
    // Levels in a unit that a name denies say nothing of others.
    ...(denied.size > 0 ? denied.values() : checkUnits(farm, outputs)),
    ...checkCopies(farm),
    ...checkLogLines(farm, lines, watched),
    ...(isClockSure
      ? checkLogClock(farm, lines, { powerChannel, standsBelow: findStanding(farm, powerChannel) })
      : []),
  ];
  return {
    turbines: farm.turbines.map(({ turbine, rows, timestampMs }) => ({
      turbine,
      rows,
      from: rows === 0 ? "" : new Date(timestampMs[0]!).toISOString(),
      to: rows === 0 ? "" : new Date(timestampMs[rows - 1]!).toISOString(),
    })),
    logLines: lines.length,
    findings: findings.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity)),
  };
}

/** What is far from the others, or from its range, before what is merely hard to believe, before what cannot be told. */
function checkUnits(farm: ScannedFarm, outputs: readonly string[]): DataFinding[] {
  for (const check of [checkLevels, checkPlausible]) {
    const found = check(farm, outputs);
    if (found.length > 0) return found;
  }
  return listDoubtsOfAir(farm, outputs);
}

function checkPeriods({ turbines, source, dataDir }: ScannedFarm): DataFinding[] {
  return listEmptyPeriods(turbines, source.dataset).map(({ turbine, problem, cure }) => ({
    check: "period",
    severity: turbine === null ? "error" : "warning",
    file: dataDir,
    place: "",
    value: turbine ?? "every turbine",
    problem,
    cure,
  }));
}

/** Power below which a turbine stands, in the channel's unit. */
function findStanding({ turbines, source }: ScannedFarm, powerChannel: string): number {
  const power = source.channels.findIndex(({ name }) => name === powerChannel);
  const highest = turbines.map(({ rows, columns }) =>
    rows === 0 ? 0 : computeQuantile(columns[power]!, 0.99),
  );
  return standingShare * Math.max(...highest);
}
