/**
 * Why a device does not run a model that it was given, by the number in its ModelStatus (PROTOCOL.md, section 8): in words,
 * with what to do, and whether another try may end otherwise and what it costs.
 */

/** What a number means. */
export interface ModelReason {
  readonly text: string;
  readonly cure: string;
  /** It may be otherwise the next time, with nothing changed on the device. */
  readonly passes: boolean;
  /** The device erases a slot before it comes so far, or at the next try: every try wears its flash. */
  readonly erases: boolean;
}

const unknownReason: Omit<ModelReason, "text"> = {
  cure: "Look into the documents of its firmware.",
  passes: false,
  erases: true,
};

/** The numbers in a ModelStatus. */
export const modelReasons = {
  none: 0,
  noKey: 1,
  wrongMac: 2,
  oldCounter: 3,
  tooLarge: 4,
  otherTrial: 5,
  wrongDigest: 6,
  cannotRun: 7,
  /** The model gave other integers. */
  gatewaySaidNo: 8,
  notDecided: 9,
  unknownTransfer: 10,
  /** Only a device says it. */
  flashFailed: 11,
} as const;

const reasons: Readonly<Record<keyof typeof modelReasons, ModelReason>> = {
  none: { ...unknownReason, text: "it says no reason" },
  noKey: {
    text: "the device has no key",
    cure: "Write the key into the device that `keyFile` names.",
    passes: false,
    erases: false,
  },
  wrongMac: {
    text: "the MAC is wrong: the device has another key",
    cure: "Let `keyFile` and the device have the same key: 64 hexadecimal digits there are 32 bytes here.",
    passes: false,
    erases: false,
  },
  oldCounter: {
    text: "its security counter is below that of the device's model",
    cure: "It takes no model that is older than its own: serve a newer one, or publish this one again under a higher version (`aurora bundle republish`).",
    passes: false,
    erases: false,
  },
  tooLarge: {
    text: "it is too large for a slot",
    cure: "Make the slots larger (`slot_bytes` of its board; a model and 256 bytes have to fit), or serve a smaller model.",
    passes: false,
    erases: false,
  },
  otherTrial: {
    text: "another model is on trial",
    cure: "A trial ends after a minute; another gateway or program may have begun it.",
    passes: true,
    erases: false,
  },
  wrongDigest: {
    text: "the digest of the slot is wrong",
    cure: "What stands in its flash is not what was sent: look at its flash driver (`board_flash`), a data cache that keeps old bytes, and its supply.",
    passes: true,
    erases: true,
  },
  cannotRun: {
    text: "this firmware cannot run it",
    cure: "Build the firmware for it: AURORA_MAX_FFT and AURORA_MAX_WIDTH of CMake as large as the model needs, and the flags of firmware-bridge/mcu/README.md, without which it refuses every model; else the firmware is older than the model's format.",
    passes: false,
    erases: true,
  },
  gatewaySaidNo: {
    text: "the gateway said no",
    cure: "It computes other integers than the golden ones: build it with the flags for arithmetic in firmware-bridge/mcu/README.md, and run `npm run test:ports` for its core.",
    passes: false,
    erases: true,
  },
  notDecided: {
    text: "it was not confirmed in time",
    cure: "The line was down, or too slow, for the minute of the trial: look at the line.",
    passes: true,
    erases: true,
  },
  unknownTransfer: {
    text: "the device does not know this transfer",
    cure: "It forgot what was under way, as by a reset: look at its supply and its watchdog.",
    passes: true,
    erases: true,
  },
  flashFailed: {
    text: "the flash failed",
    cure: "Look at its flash driver (`board_flash`), that its flash programs at most 16 bytes at once, and at its supply while it erases.",
    passes: true,
    erases: true,
  },
};

const byNumber: ReadonlyMap<number, ModelReason> = new Map(
  Object.entries(reasons).map(([name, reason]) => [modelReasons[name as keyof typeof modelReasons], reason]),
);

/** What the number in a ModelStatus means. */
export function findModelReason(number: number): ModelReason {
  return byNumber.get(number) ?? { ...unknownReason, text: `reason ${number}` };
}
