/** The numbers of the feature section of `model.mcu.bin` (firmware-bridge/mcu/MODEL_FORMAT.md), for writing and for reading. */

/** Bytes before the filters. */
export const sectionHeaderBytes = 40;
/** Bytes of a feature. */
export const sectionFeatureBytes = 16;
/** Number of the chain `envelope-order`, the only one. */
export const envelopeOrderChain = 1;
/** An operator's number is its place. */
export const sectionOperators = [
  "order-log-snr",
  "side-band-log-snr",
  "order-margin",
  "envelope-kurtosis",
  "envelope-crest-factor",
] as const;
/** The number of an order or of a spacing is its place. */
export const sectionOrders = ["bpfo", "bpfi", "bsf", "ftf", "shaft"] as const;
