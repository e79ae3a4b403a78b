/**
 * Counts how often a device was told to begin with an image and came no further than before: each time it may have erased a
 * slot. One that goes on where it was has erased nothing. Keeps no time, and sends nothing.
 */
import type { ModelPushStage } from "../../../firmware-bridge/model/model-push-options.ts";

/** The starts of one image at one device, over all pushes of it. */
export interface ModelStarts {
  /** A ModelBegin was sent; its repetitions until an answer count as one. */
  asked(): void;
  /** @param confirmedBytes what the device has of the image */
  progress(stage: ModelPushStage, confirmedBytes: number): void;
  /** The device refused the newest before it erased anything. */
  forgive(): void;
  /** Starts since the device last came further. */
  readonly inVain: number;
}

/** Creates the starts of an image that the device has nothing of. */
export function createModelStarts(): ModelStarts {
  let furthestBytes = 0;
  let inVain = 0;
  let newest: "none" | "asked" | "answered" = "none";

  return {
    asked: () => {
      if (newest !== "asked") inVain++;
      newest = "asked";
    },
    progress: (stage, confirmedBytes) => {
      if (stage === "asking") newest = "none";
      if (stage === "asking" || stage === "waiting") return;
      if (confirmedBytes > furthestBytes) {
        furthestBytes = confirmedBytes;
        inVain = 0;
      } else if (newest === "asked" && furthestBytes > 0 && confirmedBytes === furthestBytes) inVain--;
      newest = "answered";
    },
    forgive: () => {
      if (newest === "asked") inVain--;
      newest = "none";
    },
    get inVain() {
      return inVain;
    },
  };
}
