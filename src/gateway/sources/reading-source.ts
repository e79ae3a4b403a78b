/** A source of readings of turbines that others measure: topics of a SCADA bridge, or servers of a field bus. Decides nothing. */
import type { SourceFault } from "../../core/contract/source-diagnosis.ts";
import type { Quarantine, Reading } from "../../core/contract/stream.ts";

/** What comes of a source. Both are called for what is mapped only. */
export interface ReadingSink {
  /** In the mapped unit; not yet held against a data contract. `deviceId` is the turbine. */
  onReading(reading: Reading): void;
  /** A value that was due did not come, or the source itself says that it is bad. `deviceId` is the turbine. */
  onQuality(quarantine: Quarantine): void;
}

/** How a source is, for whoever looks after the gateway. */
export interface SourceCondition {
  /** Address without secrets, or topic. */
  readonly name: string;
  readonly kind: "mqtt" | "modbus" | "opcua";
  readonly connected: boolean;
  /** Connections made, the first one included. */
  readonly connections: number;
  readonly readings: number;
  readonly bad: number;
  /** What was last wrong and still is. */
  readonly faults: readonly SourceFault[];
}

export interface ReadingSource {
  /**
   * Begins to read, and goes on by itself for ever. Never rejects: a server that cannot be reached, a package that is not
   * installed and a file that cannot be read are faults that it tells of, and tries again; the other sources go on.
   */
  start(sink: ReadingSink): Promise<void>;
  /** Resolves once nothing more will come. */
  close(): Promise<void>;
  describe(): SourceCondition;
}
