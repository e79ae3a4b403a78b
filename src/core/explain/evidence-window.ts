/** A window, as far as the physical evidence of a fault reads it. */
import type { ForeignLines } from "../contract/stream.ts";

/** One window, as far as evidence reads it. */
export interface EvidenceWindow<Features extends ArrayLike<number> = ArrayLike<number>> {
  /** Raw, in the order of the spec. */
  readonly features: Features;
  /** The same of the band above, where the sensor is fast enough to have one. */
  readonly upperFeatures?: Features | undefined;
  /** Of its lines, and of those of the band above; absent: none, or not known. */
  readonly foreignLines?: ForeignLines | undefined;
  readonly upperForeignLines?: ForeignLines | undefined;
  /** Where the line of each feature stands, in orders, and of the band above; less than 0 or NaN: not known. Absent: of none. */
  readonly lineOrders?: ArrayLike<number> | undefined;
  readonly upperLineOrders?: ArrayLike<number> | undefined;
  readonly shaftRpm: number;
  /** Of the shaft, that it lasted: a snapshot is shorter than the bundle's windows. NaN or absent: as many as these. */
  readonly revolutions?: number | undefined;
  /** NaN or absent: not known. */
  readonly powerKw?: number | undefined;
  /** False: the model takes it for something else, and it only tells what came since; else its lines are the evidence. */
  readonly speaks?: boolean | undefined;
}

/** The windows that have a band above, each as that band alone. */
export function listUpperWindows<Features extends ArrayLike<number>>(
  windows: readonly EvidenceWindow<Features>[],
): EvidenceWindow<Features>[] {
  return windows.flatMap((window) =>
    window.upperFeatures === undefined
      ? []
      : [
          {
            ...window,
            features: window.upperFeatures,
            foreignLines: window.upperForeignLines,
            lineOrders: window.upperLineOrders,
          },
        ],
  );
}
