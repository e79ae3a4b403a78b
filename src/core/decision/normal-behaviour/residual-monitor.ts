/**
 * One turbine's residuals over days: how far is each output from the turbine's own past? Takes the medians of days that
 * are over, in order; keeps as many as the statistics look back on; sets outputs aside whose sensor has stepped.
 * Compares a turbine with itself only; turbines are compared by the planner.
 */
import { listComponents, type NormalBehaviourSpec } from "../../contract/bundle/normal-behaviour.ts";
import { computeRobustLocation } from "../../maths/robust.ts";
import { isSensorStep } from "./guards.ts";

/** What is known at the end of a day. */
export interface MonitorDay {
  readonly day: number;
  /** Average over days of the clipped distance from the past, one an output; NaN = nothing is known. */
  readonly z: Float64Array;
  /** Outputs whose sensor stepped within the last `relearnDays`: a sensor's alarm, not the component's. */
  readonly sensorFaults: readonly number[];
  /** Largest |z| of a component's outputs, in the order of {@link ResidualMonitor.components}; NaN = nothing is known. */
  readonly scores: Float64Array;
}

interface ResidualMonitor {
  /** Components that outputs speak of, in the order of their first output. */
  readonly components: readonly string[];
  /** Takes the medians of `day`, after every earlier day; days that are left out count as days without medians. */
  update(day: number, medians: ArrayLike<number>): MonitorDay;
  /** The logbook says that the component failed and was mended at `day`: its past starts over. Call it before later days. */
  repaired(component: string, day: number): void;
  /** A clock was ahead: `day` and what was dated after it is still to come. What has been averaged stays. */
  forgetFrom(day: number): void;
  /** Days that it looks back on at most: of days without medians before those nothing is left. */
  readonly keptDays: number;
  snapshot(): ResidualMonitorSnapshot;
}

/** Everything that is kept: plain data, `null` for NaN. */
export interface ResidualMonitorSnapshot {
  readonly firstDay: number;
  /** [day from firstDay][output]. */
  readonly medians: readonly (readonly (number | null)[])[];
  readonly z: readonly (number | null)[];
  /** Day of the last sensor step, one an output. */
  readonly steps: readonly (number | null)[];
  readonly repairs: readonly { readonly component: string; readonly day: number }[];
  /** With a reference of commissioning: what it came to, one an output; null while it is not over. */
  readonly reference?: readonly (Reference | null)[] | undefined;
}

/** What residuals of an output are measured against. */
interface Reference {
  readonly location: number;
  readonly scale: number;
}

type MonitorSpec = Pick<NormalBehaviourSpec, "residuals" | "statistics" | "guard">;

/** Creates a monitor, or continues one. @throws RangeError when `from` has another number of outputs. */
export function createResidualMonitor(spec: MonitorSpec, from?: ResidualMonitorSnapshot): ResidualMonitor {
  const { residuals, statistics, guard } = spec;
  const outputs = residuals.length;
  const components = listComponents(spec);
  const keptDays = statistics.historyDays + statistics.gapDays + guard.beforeDays + 2;
  const toNumber = (value: number | null): number => value ?? Number.NaN;
  const toNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
  if (from !== undefined && (from.z.length !== outputs || from.steps.length !== outputs)) {
    throw new RangeError(`a snapshot of ${from.z.length} outputs, expected ${outputs}`);
  }
  let firstDay = from?.firstDay ?? 0;
  const series = residuals.map((_, output) =>
    (from?.medians ?? []).map((day) => toNumber(day[output] ?? null)),
  );
  const z = Float64Array.from({ length: outputs }, (_, output) => toNumber(from?.z[output] ?? null));
  const steps = Float64Array.from({ length: outputs }, (_, output) => toNumber(from?.steps[output] ?? null));
  const repairs = [...(from?.repairs ?? [])];
  const isFixed = statistics.reference === "commissioning";
  const fixed: (Reference | null)[] = residuals.map((_, output) => from?.reference?.[output] ?? null);
  const siblingsOf = residuals.map((residual, output) =>
    residuals.flatMap((other, index) =>
      index !== output && residual.siblings !== null && other.siblings === residual.siblings ? [index] : [],
    ),
  );

  /** The days that the output's location and scale are taken from, seen at the end of `day`. */
  const pastOf = (output: number, day: number): number[] => {
    let low = day - statistics.historyDays;
    let high = day - statistics.gapDays;
    // The reference of commissioning outlives a repair, but not a sensor's step.
    const begins = isFixed
      ? []
      : repairs.filter(({ component }) => component === residuals[output]!.component);
    const anew = [...begins.map((repair) => repair.day + 1), steps[output]!]
      .filter((begin) => day - begin > statistics.relearnDays)
      .reduce((latest, begin) => Math.max(latest, begin), Number.NEGATIVE_INFINITY);
    if (Number.isFinite(anew)) {
      low = Math.max(low, anew);
      high = Math.max(high, Math.min(day - 1, anew + statistics.relearnDays));
    }
    if (isFixed) {
      low = Math.max(firstDay, anew);
      const over = low + statistics.historyDays;
      high = day >= over ? over : high;
    }
    const past: number[] = [];
    const values = series[output]!;
    for (let at = Math.max(low, firstDay); at < high; at++) {
      const value = values[at - firstDay]!;
      if (Number.isNaN(value)) continue;
      // The weeks before a failure are not healthy, of whatever component it was.
      if (repairs.some((repair) => at >= repair.day - statistics.excludeDays && at <= repair.day + 1))
        continue;
      past.push(value);
    }
    return past;
  };

  const referenceOf = (output: number, day: number): Reference | null => {
    if (fixed[output] !== null) return fixed[output]!;
    const past = pastOf(output, day);
    if (past.length < statistics.minHistoryDays) return null;
    if (!isFixed) return computeRobustLocation(past);
    const reference = computePlainLocation(past);
    const begin = Number.isFinite(steps[output]!) ? Math.max(firstDay, steps[output]!) : firstDay;
    if (day >= begin + statistics.historyDays) fixed[output] = reference;
    return reference;
  };

  const append = (day: number, medians: ArrayLike<number>): void => {
    if (series[0]!.length === 0) firstDay = day;
    for (const [output, values] of series.entries()) {
      while (firstDay + values.length < day) values.push(Number.NaN);
      values.push(medians[output]!);
    }
    const surplus = series[0]!.length - keptDays;
    if (surplus > 0) {
      for (const values of series) values.splice(0, surplus);
      firstDay += surplus;
    }
  };

  return {
    components,
    keptDays,
    repaired: (component, day) => {
      repairs.push({ component, day });
    },
    forgetFrom: (day) => {
      for (const values of series) values.splice(Math.max(0, day - firstDay));
      for (const [output, step] of steps.entries()) steps[output] = step >= day ? day - 1 : step;
    },
    update: (day, medians) => {
      if (series[0]!.length > 0 && day < firstDay + series[0]!.length) {
        throw new RangeError(`day ${day} comes after day ${firstDay + series[0]!.length - 1}`);
      }
      append(day, medians);
      const sensorFaults: number[] = [];
      for (let output = 0; output < outputs; output++) {
        const siblings = siblingsOf[output]!.map((index) => series[index]!);
        if (isSensorStep({ series: series[output]!, siblings }, day - firstDay, guard)) {
          steps[output] = day - 1;
          fixed[output] = null;
          z[output] = Number.NaN;
        }
        if (day - steps[output]! <= statistics.relearnDays) {
          sensorFaults.push(output);
          continue;
        }
        const value = medians[output]!;
        if (Number.isNaN(value)) continue;
        const reference = referenceOf(output, day);
        if (reference === null) continue;
        const { location, scale } = reference;
        const distance = (value - location) / Math.max(scale, statistics.minScale);
        const clipped = Math.max(-statistics.clip, Math.min(statistics.clip, distance));
        z[output] = Number.isNaN(z[output]!)
          ? clipped
          : z[output]! - Math.expm1(-1 / statistics.ewmaDays) * (clipped - z[output]!);
      }
      const scores = new Float64Array(components.length).fill(Number.NaN);
      for (const [output, residual] of residuals.entries()) {
        const size = Math.abs(z[output]!);
        const at = components.indexOf(residual.component);
        if (!Number.isNaN(size) && !(size <= scores[at]!)) scores[at] = size;
      }
      return { day, z: Float64Array.from(z), sensorFaults, scores };
    },
    snapshot: () => ({
      firstDay,
      medians: series[0]!.map((_, at) => series.map((values) => toNull(values[at]!))),
      z: Array.from(z, toNull),
      steps: Array.from(steps, toNull),
      repairs,
      ...(isFixed ? { reference: [...fixed] } : {}),
    }),
  };
}

/**
 * What a monitor would have kept had `repairs` been its logbook all along: the days that are kept are lived through anew, each
 * repair known from the day after it. A reference of commissioning that is over stays: its days may be gone.
 */
export function reliveResiduals(
  spec: MonitorSpec,
  kept: ResidualMonitorSnapshot,
  repairs: ResidualMonitorSnapshot["repairs"],
): ResidualMonitorSnapshot {
  const monitor = createResidualMonitor(spec, {
    ...kept,
    medians: [],
    z: kept.z.map(() => null),
    repairs: [],
  });
  for (const [at, medians] of kept.medians.entries()) {
    const day = kept.firstDay + at;
    for (const repair of repairs) {
      if (at === 0 ? repair.day < day : repair.day === day - 1)
        monitor.repaired(repair.component, repair.day);
    }
    monitor.update(
      day,
      medians.map((median) => median ?? Number.NaN),
    );
  }
  return monitor.snapshot();
}

/** Mean and standard deviation (of the values themselves, not of a sample); NaN for no values. */
function computePlainLocation(values: readonly number[]): Reference {
  const location = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - location) ** 2, 0);
  return { location, scale: Math.sqrt(squares / values.length) };
}
