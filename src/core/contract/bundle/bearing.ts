/** The geometry of a rolling bearing, as the four fault frequencies in orders of the shaft speed. */
import { z } from "zod";

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

export const bearingOrdersSchema: z.ZodType<BearingOrders> = z.strictObject({
  bpfo: z.number().min(0.5).max(60),
  bpfi: z.number().min(0.5).max(60),
  bsf: z.number().min(0.3).max(60),
  ftf: z.number().min(0.05).max(0.95),
});
