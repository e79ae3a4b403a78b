/** Pole pairs of the induction motor that turns a bearing's shaft, where an inverter feeds it: whoever states none has no such motor. */

/** Slower motors than one with so many are geared. */
export const maxPolePairs = 24;
