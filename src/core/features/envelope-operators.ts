/** Operators that read chain `envelope-order`. All are free of level and of sampling rate. */

import { type BearingOrders, bearingOrderNames } from "../contract/bundle/bearing.ts";
import { bearingFaults, faultKinds } from "../contract/bundle/bearing-fault.ts";
import type { FeatureDeclaration } from "../contract/bundle/feature-spec.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import { type CombHeights, mostHarmonics } from "./comb-fit.ts";
import type { OrderSpectrum } from "./order-spectrum.ts";
import { createParamsReader, type ParamsReader, refuseOperator } from "./read-params.ts";

/** What the chain gives to its operators. */
export interface EnvelopeView {
  bearing: BearingOrders;
  spectrum: OrderSpectrum;
}

export interface EnvelopeOperator {
  evaluate(view: EnvelopeView): number;
  /**
   * The order of the one line that is measured, which came to `value`; NaN where it hardly stands out. Left out: there is no such
   * line, or it is the shaft's own.
   */
  locate?(view: EnvelopeView, value: number): number;
  /** Highest order that it looks at for this bearing. */
  highestOrder(bearing: BearingOrders): number;
}

const orderNames = [...bearingOrderNames, "shaft"] as const;
type OrderName = (typeof orderNames)[number];

/** The order of `name`: one of the bearing's, or 1 for the shaft. */
function orderOf(name: OrderName, bearing: BearingOrders): number {
  return name === "shaft" ? 1 : bearing[name];
}

/** Binds one feature of this chain. @throws AuroraError BUNDLE_INCOMPATIBLE for an unknown operator. */
export function bindEnvelopeOperator(feature: FeatureDeclaration): EnvelopeOperator {
  return findOrMake(operators, feature, () => createOperator(feature));
}

/** They hold nothing of a window: the points of a bundle share them. */
const operators = new WeakMap<FeatureDeclaration, EnvelopeOperator>();

const binders: Readonly<Record<string, (params: ParamsReader) => EnvelopeOperator>> = {
  "order-log-snr": bindOrderLogSnr,
  "side-band-log-snr": bindSideBandLogSnr,
  "order-margin": bindOrderMargin,
  "comb-log-snr": (params) => bindComb(params, 1),
  "half-comb-log-snr": (params) => bindComb(params, 0.5),
  "comb-line-log-snr": (params) => bindSideBandComb(params, "lines"),
  "comb-side-log-snr": (params) => bindSideBandComb(params, "sideBands"),
};

function createOperator(feature: FeatureDeclaration): EnvelopeOperator {
  const binder = Object.hasOwn(binders, feature.operator) ? binders[feature.operator] : undefined;
  if (binder === undefined) throw refuseOperator(feature, "envelope-order", Object.keys(binders));
  const params = createParamsReader(feature.params, `feature ${feature.name}`);
  const operator = binder(params);
  params.done();
  return operator;
}

/** 9 dB above the neighbours: what is lower is noise more often than a line, wherever it stands. */
const standsOut = (9 * Math.LN10) / 20;

/** As a share of its order: so far the shaft's own line is looked for from where it should stand, since speeds are stated one per cent wrong. */
const shaftReach = 0.015;

/** `order-log-snr`: ln(peak / local median) at `harmonic` · `order`, searched within ± tolerance. */
function bindOrderLogSnr(params: ParamsReader): EnvelopeOperator {
  const name = params.choice("order", orderNames);
  const harmonic = params.integer("harmonic", 1, 16);
  const tolerance = params.number("tolerance", 0, 0.1);
  return {
    evaluate: (view) => {
      const order = orderOf(name, view.bearing) * harmonic;
      return name === "shaft"
        ? view.spectrum.shaftLogSnr(order, tolerance)
        : view.spectrum.logSnr(order, tolerance);
    },
    locate: ({ bearing, spectrum }, value) => {
      if (!(value >= standsOut)) return Number.NaN;
      return name === "shaft"
        ? spectrum.findShaftLine(harmonic, shaftReach)
        : spectrum.findLine(bearing[name] * harmonic, tolerance);
    },
    highestOrder: (bearing) => orderOf(name, bearing) * harmonic * (1 + tolerance),
  };
}

/** `side-band-log-snr`: mean of both side bands `harmonic` · `order` ± `spacing`. */
function bindSideBandLogSnr(params: ParamsReader): EnvelopeOperator {
  const name = params.choice("order", orderNames);
  const spacing = params.choice("spacing", orderNames);
  const harmonic = params.integer("harmonic", 1, 16);
  const tolerance = params.number("tolerance", 0, 0.1);
  return {
    evaluate: (view) => {
      const centre = orderOf(name, view.bearing) * harmonic;
      const distance = orderOf(spacing, view.bearing);
      const upper = view.spectrum.logSnr(centre + distance, tolerance);
      // A lower side band at or below zero order does not exist.
      if (centre - distance < view.spectrum.lowestOrder) return upper;
      return (view.spectrum.logSnr(centre - distance, tolerance) + upper) / 2;
    },
    highestOrder: (bearing) =>
      (orderOf(name, bearing) * harmonic + orderOf(spacing, bearing)) * (1 + tolerance),
  };
}

const hypotheses = faultKinds.map((kind) => bearingFaults[kind].order);

/**
 * `order-margin`: mean `order-log-snr` over harmonics 1 … `harmonics` of one fault order, less the larger of the same
 * of the others. Positive where this fault explains the spectrum better than its rivals: a fault score without a
 * parameter to learn.
 */
function bindOrderMargin(params: ParamsReader): EnvelopeOperator {
  const own = params.choice("order", hypotheses);
  const harmonics = params.integer("harmonics", 1, 16);
  const tolerance = params.number("tolerance", 0, 0.1);
  const rivals = hypotheses.filter((name) => name !== own);
  const meanOf = (name: OrderName, view: EnvelopeView): number => {
    let sum = 0;
    for (let harmonic = 1; harmonic <= harmonics; harmonic++) {
      sum += view.spectrum.logSnr(orderOf(name, view.bearing) * harmonic, tolerance);
    }
    return sum / harmonics;
  };
  return {
    evaluate: (view) => meanOf(own, view) - Math.max(...rivals.map((name) => meanOf(name, view))),
    highestOrder: (bearing) =>
      Math.max(...hypotheses.map((name) => bearing[name])) * harmonics * (1 + tolerance),
  };
}

/**
 * `comb-log-snr`: mean over harmonics 1 … `harmonics` of `order`, all at the one deviation at which they stand highest.
 * `half-comb-log-snr`: of half of `order`, where a rolling element strikes one race harder than the other.
 */
function bindComb(params: ParamsReader, share: 0.5 | 1): EnvelopeOperator {
  const { name, harmonics, tolerance } = readComb(params);
  return {
    evaluate: ({ bearing, spectrum }) =>
      spectrum.fitComb({ order: share * orderOf(name, bearing), harmonics, tolerance, spacing: 0 }).lines,
    highestOrder: (bearing) => share * orderOf(name, bearing) * harmonics * (1 + tolerance),
  };
}

/**
 * `comb-line-log-snr` and `comb-side-log-snr`: mean over the same lines, and over their side bands at ± `spacing`, at the one
 * deviation at which all of them together stand highest.
 */
function bindSideBandComb(params: ParamsReader, part: keyof CombHeights): EnvelopeOperator {
  const { name, harmonics, tolerance } = readComb(params);
  const spacing = params.choice("spacing", orderNames);
  return {
    evaluate: ({ bearing, spectrum }) => {
      const comb = { harmonics, tolerance, spacing: orderOf(spacing, bearing) };
      return spectrum.fitComb({ order: orderOf(name, bearing), ...comb })[part];
    },
    highestOrder: (bearing) =>
      orderOf(name, bearing) * harmonics * (1 + tolerance) + orderOf(spacing, bearing),
  };
}

function readComb(params: ParamsReader): {
  readonly name: OrderName;
  readonly harmonics: number;
  readonly tolerance: number;
} {
  return {
    name: params.choice("order", bearingOrderNames),
    harmonics: params.integer("harmonics", 1, mostHarmonics),
    tolerance: params.number("tolerance", 0, 0.1),
  };
}
