/** Which functions of the firmware make up which stage of the chain, from samples to the student's outputs. */

/** A stage in the sequence in which samples pass them. */
export type ChainStage = (typeof chainStages)[number]["stage"];

/**
 * Every stage with the functions that begin it. What these call and is not named here, a square root say, belongs to its
 * caller; so does an inlined function that is not named.
 */
export const chainStages = [
  {
    stage: "ring and windows",
    functions: [
      "stream_step",
      "fifo_push",
      "fifo_ready",
      "fifo_take",
      "scorer_push",
      "window_take",
      "window_breaks",
      "window_can_run",
      "window_open",
      "aurora_features_begin",
    ],
  },
  {
    stage: "samples to blocks",
    functions: ["aurora_features_push", "aurora_envelope_room", "aurora_envelope_take"],
  },
  { stage: "high-pass", functions: ["filter_high_pass"] },
  { stage: "whitening: lag products", functions: ["compute_coefficients", "aurora_lag_products"] },
  { stage: "whitening: prediction", functions: ["aurora_solve_prediction"] },
  { stage: "whitening: residual", functions: ["whiten", "aurora_prediction_residual"] },
  { stage: "|e| over the angle", functions: ["add_envelope", "add_slice"] },
  { stage: "decimation", functions: ["decimate", "aurora_decimator_run"] },
  { stage: "mean and window", functions: ["apply_window"] },
  {
    stage: "transform",
    functions: ["transform", "swap_bit_reversed", "add_quarters", "unpack_powers", "aurora_spectrum_compute"],
  },
  { stage: "medians", functions: ["aurora_spectrum_floor", "median_of"] },
  {
    stage: "order SNRs and combs",
    functions: ["aurora_features_finish", "evaluate", "aurora_spectrum_log_snr", "aurora_comb_find"],
  },
  { stage: "quantising and student", functions: ["aurora_features_quantise", "aurora_student_run"] },
] as const;

const stageOfFunction: ReadonlyMap<string, ChainStage> = new Map(
  chainStages.flatMap(({ stage, functions }) => functions.map((name) => [name, stage] as const)),
);

/** The stage that the innermost of these functions begins, or null: it is its caller's. */
export function findStage(functions: readonly string[]): ChainStage | null {
  for (const name of functions) {
    const stage = stageOfFunction.get(name);
    if (stage !== undefined) return stage;
  }
  return null;
}
