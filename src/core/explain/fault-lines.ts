/**
 * The lines of a spectrum that a bundle's features look at, read from the features' declarations. Log signal-to-noise
 * ratios are decibels of another scale, so whoever holds a feature vector holds the lines: the gateway's own windows and
 * those that a microcontroller scored alike. Computes no spectrum; a declaration that it does not understand is no line.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import { bearingFaults, type FaultKind, faultKinds } from "../contract/bundle/bearing-fault.ts";
import type { FeatureDeclaration, FeatureParameter, FeatureSpec } from "../contract/bundle/feature-spec.ts";
import type { WindowSpec } from "../contract/bundle/manifest.ts";
import { type LineOrder, lineOrders } from "../contract/physical-evidence.ts";
import { shareByBearing } from "./share-by-bearing.ts";

/** A line, or a pair of side bands, that one feature measures. */
export interface FaultLine {
  /** Index of its feature. */
  readonly column: number;
  readonly name: string;
  readonly kind: "harmonic" | "side-band";
  /** What the line is a harmonic of. */
  readonly of: LineOrder;
  readonly harmonic: number;
  /** Null for a harmonic. */
  readonly spacing: LineOrder | null;
  /** Of the line; of side bands: their centre. */
  readonly order: number;
  /** Where its peaks are searched: one order, or those of both side bands. */
  readonly searched: readonly number[];
  /** The search goes so many orders to either side. */
  readonly reach: number;
  /** Lies on a harmonic of the shaft, where the bundle does not look for faults. */
  readonly isShaded: boolean;
}

/** How a bundle's windows are cut and read. */
export interface CutSpecs {
  readonly features: FeatureSpec;
  readonly window: WindowSpec;
}

/** Where lines are searched, and for how long a time. */
export interface SearchedSpectrum extends CutSpecs {
  readonly bearing: BearingOrders;
}

/** What {@link FeatureDeclaration} calls them. */
const lineKinds: Readonly<Record<string, FaultLine["kind"]>> = {
  "order-log-snr": "harmonic",
  "side-band-log-snr": "side-band",
};

/** dB of a log amplitude ratio of 1. */
export const dbPerLog: number = 20 / Math.LN10;

const maxHarmonic = 64;
/** Of a feature that does not say how far it searches. */
const usualTolerance = 0.02;

/** The lines of all features, in their order. */
export function listFaultLines({
  features,
  bearing,
}: Pick<SearchedSpectrum, "features" | "bearing">): FaultLine[] {
  const orders: Readonly<Record<LineOrder, number>> = { ...bearing, shaft: 1 };
  const guards = new Map(
    features.chains.map(({ name, params }) => [name, readNumber(params, "shaftGuardOrders") ?? 0]),
  );
  return features.list.flatMap((feature, column) => {
    const line = readLine(feature, { column, orders, guard: guards.get(feature.chain) ?? 0 });
    return line === null ? [] : [line];
  });
}

/** The first harmonic of each kind of bearing fault, of those that have one. */
export function listFirstLines(
  spectrum: Pick<SearchedSpectrum, "features" | "bearing">,
): readonly { readonly kind: FaultKind; readonly line: FaultLine }[] {
  const firsts = listFaultLines(spectrum).filter(
    ({ kind, harmonic }) => kind === "harmonic" && harmonic === 1,
  );
  return faultKinds.flatMap((kind) => {
    const line = firsts.find(({ of }) => of === bearingFaults[kind].order);
    return line === undefined ? [] : [{ kind, line }];
  });
}

/** Features by what is known of them. */
export interface LineColumns {
  /** Those that are lines. */
  readonly lines: readonly number[];
  /** Of these those that are one line each, and no pair of side bands: they have a place. */
  readonly harmonics: readonly number[];
}

/** One answer for all points that are alike in both. */
export const shareLineColumns: (features: FeatureSpec, bearing: BearingOrders) => LineColumns =
  shareByBearing((features, bearing) => {
    const lines = listFaultLines({ features, bearing });
    const harmonics = lines.filter(({ kind }) => kind === "harmonic");
    return { lines: lines.map(({ column }) => column), harmonics: harmonics.map(({ column }) => column) };
  });

function readLine(
  { name, operator, params }: FeatureDeclaration,
  context: {
    readonly column: number;
    readonly orders: Readonly<Record<LineOrder, number>>;
    readonly guard: number;
  },
): FaultLine | null {
  const kind = Object.hasOwn(lineKinds, operator) ? lineKinds[operator]! : null;
  const of = readOrder(params, "order");
  const spacing = kind === "side-band" ? readOrder(params, "spacing") : null;
  const harmonic = readNumber(params, "harmonic");
  if (kind === null || of === null || harmonic === null) return null;
  if (kind === "side-band" && spacing === null) return null;
  if (!Number.isInteger(harmonic) || harmonic < 1 || harmonic > maxHarmonic) return null;
  const order = harmonic * context.orders[of];
  const distance = spacing === null ? 0 : context.orders[spacing];
  if (!(order > 0 && distance >= 0 && Number.isFinite(order + distance))) return null;
  const searched = distance === 0 ? [order] : [order - distance, order + distance].filter((each) => each > 0);
  const tolerance = readNumber(params, "tolerance") ?? usualTolerance;
  const offShaft = Math.abs(order - Math.round(order));
  return {
    column: context.column,
    name,
    kind,
    of,
    harmonic,
    spacing,
    order,
    searched,
    reach: order * Math.min(Math.max(tolerance, 0), 1),
    isShaded: kind === "harmonic" && of !== "shaft" && offShaft < context.guard,
  };
}

function readOrder(params: Readonly<Record<string, FeatureParameter>>, name: string): LineOrder | null {
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  return lineOrders.find((order) => order === value) ?? null;
}

function readNumber(params: Readonly<Record<string, FeatureParameter>>, name: string): number | null {
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** What noise alone shows where a line is searched. */
interface LineNoise {
  /** Median over windows of the highest bin above the median bin, dB. */
  readonly db: number;
  /** Its deviation from window to window, dB. */
  readonly deviationDb: number;
}

/**
 * A line is found when its mean over the windows stands so far above what noise shows there (the median of the highest of
 * as many bins): three deviations of that mean, 3 dB at least. 3 dB: over ten windows no line of any healthy recording at
 * hand reaches it, of the simulator or of the rig (src/adr/0033-an-alert-states-its-physical-evidence.md).
 */
const foundDb = 3;
const foundDeviations = 3;

/**
 * What the mean of a line over `windows` must reach to be found, dB above its neighbours. `healthyDb` is where it stood when the
 * machine was healthy: what has risen as far above that, and stands above what noise shows, is found as well; null: not known.
 */
export function findNeededDb(
  { db, deviationDb }: LineNoise,
  windows: number,
  healthyDb: number | null = null,
): number {
  const rise = Math.max(foundDb, (foundDeviations * deviationDb) / Math.sqrt(windows));
  return healthyDb === null ? db + rise : Math.min(db + rise, Math.max(db, healthyDb + rise));
}

/**
 * The width of one independent bin in reciprocals of the window's revolutions. A Hann window's equivalent noise bandwidth
 * is 1.5; 1.6 fits the highest bin of white noise through the feature chain of the shipped bundle within 0.5 dB from 3 to
 * 13 bins (`test/core/explain/fault-lines.test.ts`).
 */
const binRevolutions = 1.6;
/** A window in seconds does not say how many revolutions it has: as few as serve. */
const unknownRevolutions = 30;

/**
 * Noise where `line` is searched. Bins of a spectrum of noise have Rayleigh amplitudes, whose squares are exponential:
 * the q-quantile of the highest of n squares is −ln(1 − q^(1/n)), their median ln 2. Of side bands the mean of both is
 * taken, whose deviation is smaller by √2.
 */
export function computeLineNoise(line: Pick<FaultLine, "reach" | "searched">, window: WindowSpec): LineNoise {
  const revolutions = window.unit === "revolutions" ? window.length : unknownRevolutions;
  const bin = binRevolutions / revolutions;
  // The bins at both ends of the search belong to it, too.
  const bins = Math.max(1, (2 * line.reach) / bin + 1);
  const quantile = (q: number): number => 10 * Math.log10(-Math.log(1 - q ** (1 / bins)) / Math.LN2);
  const deviation = (quantile(0.84) - quantile(0.16)) / 2;
  return { db: quantile(0.5), deviationDb: deviation / Math.sqrt(line.searched.length) };
}

/** Is there a place that is searched for both? An ordinary slip takes a line of either there. */
export function isWithinReach(own: FaultLine, other: FaultLine): boolean {
  return Math.abs(own.order - other.order) <= own.reach + other.reach;
}
