/** Speeds of a serial line to a device, in baud; USB-native devices and ptys ignore them. */
export const serialRates = {
  min: 1_200,
  max: 12_000_000,
  /** What gateway, push and simulator open, and devices speak, unless told otherwise. */
  usual: 921_600,
} as const;
