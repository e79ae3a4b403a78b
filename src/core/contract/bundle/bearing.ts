/** The geometry of a rolling bearing, as the four fault frequencies in orders of the shaft speed. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";

/** Fault frequencies in multiples of the shaft's speed (rpm / 60). */
export interface BearingOrders {
  /** Ball pass frequency, outer race; 0.5 to 60. */
  readonly bpfo: number;
  /** Ball pass frequency, inner race; 0.5 to 60. */
  readonly bpfi: number;
  /**
   * Rate at which a defect on a rolling element meets the races, inner and outer in turn: twice the spin frequency
   * (D/d · (1 − γ²), the figure that public tables give as BSF, 4.7135 for a 6205); 0.3 to 60.
   */
  readonly bsf: number;
  /** Fundamental train (cage) frequency; 0.05 to 0.95. */
  readonly ftf: number;
}

/** The keys of {@link BearingOrders}. */
export const bearingOrderNames = ["bpfo", "bpfi", "bsf", "ftf"] as const;

export const bearingOrdersSchema: () => z.ZodType<BearingOrders> = onDemand(() =>
  z.strictObject(
    {
      bpfo: z.number().min(0.5).max(60),
      bpfi: z.number().min(0.5).max(60),
      bsf: z.number().min(0.3).max(60),
      ftf: z.number().min(0.05).max(0.95),
    },
    {
      error: ({ code, input }) =>
        code === "invalid_type" && input !== undefined
          ? "must be four orders, { bpfo: …, bpfi: …, bsf: …, ftf: … }; `aurora init --bearing` writes those of a designation"
          : undefined,
    },
  ),
);

/** Bearings have at least so many rolling elements. */
const minElements = 3;
/** Data sheets round, and measured orders slip by a per cent or two. */
const tolerance = 0.05;
/** A slip of two per cent moves the races' orders little, and what they say of a slender element's spin by half. */
const slackOfSpin = 1.5;

/** What is impossible about a bearing's orders, whatever its geometry; undefined: nothing. */
export function findImpossibleOrder({
  bpfo,
  bpfi,
  bsf,
  ftf,
}: BearingOrders):
  | { readonly name: (typeof bearingOrderNames)[number]; readonly problem: string; readonly write: string }
  | undefined {
  if (bpfo >= bpfi) {
    const problem = `bpfo ${bpfo} is not below bpfi ${bpfi}: the outer race is passed less often than the inner one`;
    return { name: "bpfo", problem, write: "exchange bpfo and bpfi, or compare both with the data sheet" };
  }
  // Rolling without slip: the cage carries n elements past one race at its own speed, past the other at what is left of the shaft's.
  const elements = bpfo + bpfi;
  if (elements < minElements * (1 - tolerance)) {
    const problem = `bpfo and bpfi together are the number of rolling elements, and ${round(elements)} are fewer than ${minElements}`;
    return { name: "bpfo", problem, write: "write orders, which are multiples of the shaft's speed, not Hz" };
  }
  const cage = bpfo / elements;
  if (Math.abs(Math.min(ftf, 1 - ftf) - cage) > tolerance) {
    const problem = `ftf ${ftf} does not fit bpfo ${bpfo} and bpfi ${bpfi}, whose cage turns ${round(cage)} times a revolution`;
    return {
      name: "ftf",
      problem,
      write: `write about ${round(cage)}, or compare all of them with the data sheet`,
    };
  }
  // bsf = D/d (1 − γ²), γ = d/D cos α = 1 − 2 ftf: an element at right angles to the shaft spins fastest.
  const gamma = 1 - 2 * cage;
  const fastest = (1 - gamma * gamma) / gamma;
  if (gamma > 2 * tolerance && bsf > fastest * slackOfSpin) {
    const problem = `bsf ${bsf} does not fit: with these races it is ${round(fastest)} at most`;
    return { name: "bsf", problem, write: "compare all of them with the data sheet" };
  }
  return undefined;
}

function round(order: number): number {
  return Math.round(order * 1000) / 1000;
}

/** As {@link bearingOrdersSchema}, for what people write: orders that no bearing has are refused. */
export const writtenBearingSchema: () => z.ZodType<BearingOrders> = onDemand(() =>
  bearingOrdersSchema().superRefine((orders, context) => {
    const found = findImpossibleOrder(orders);
    if (found === undefined) return;
    const { name, problem, write } = found;
    context.addIssue({ code: "custom", path: [name], message: problem, params: { write } });
  }),
);
