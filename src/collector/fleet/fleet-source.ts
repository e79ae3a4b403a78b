/** What the fleet's values are loaded from: the record, the bundles that are known here, and the time. */
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import type { ReliabilityBin } from "../../core/contract/bundle/reliability-bin.ts";
import type { DriftReference } from "../../core/drift/drift-reference.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { FleetRecord } from "../record/fleet-record.ts";

/** Where to read. */
export interface FleetSource {
  readonly record: FleetRecord;
  /** By the SHA-256 of their manifests; may grow. */
  readonly models: ReadonlyMap<string, KnownModel>;
  readonly clock: Pick<Clock, "nowMs">;
  /** A turbine or gateway that was not heard of for this long is "information unavailable". */
  readonly silentAfterMs: number;
  /**
   * Since when this collector has no connection to the broker that gateways speak through, epoch ms; null: it has one, or
   * other processes have it.
   */
  readonly brokerLostMs: () => number | null;
  /** Share of its days on which a healthy point warns of drift, as the assessment is configured. */
  readonly warningShare: number;
}

/** A model whose verified bundle is known here: its words, and what training day looked like. */
export interface KnownModel {
  /** SHA-256 of the manifest, as predictions and drift reports name it. */
  readonly digest: string;
  readonly manifest: Pick<
    Manifest,
    | "name"
    | "version"
    | "title"
    | "task"
    | "channels"
    | "outputs"
    | "features"
    | "calibration"
    | "thresholds"
    | "normalBehaviour"
  >;
  readonly reference: DriftReference;
  /** What held-out data said of its probabilities; absent: its evaluation does not state it. */
  readonly reliability?: readonly ReliabilityBin[] | undefined;
  /** Its bundle was written without asking its gate; absent: the gate let it out. */
  readonly ungated?: true | undefined;
  /** It came with this installation, and nobody has published it here. */
  readonly isOnlyShipped?: true;
}
