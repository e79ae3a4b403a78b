/** What a gateway and a thread of its points say to each other. Plain data. */
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type { HelloMessage } from "../../core/contract/device/device-message.ts";
import type { Quarantine, SchemaDrift } from "../../core/contract/stream.ts";
import type { PointSilence } from "../../core/contract/turbine-state.ts";
import type { ClockMoment } from "../../core/platform/clock.ts";
import type { PresenceSnapshot } from "../../core/serving/point-presence.ts";
import type { OpenWindows } from "../../core/window/window-sink.ts";
import type { BlockStream, RingMemory } from "./block-ring.ts";
import type { ToldReading } from "./latest-readings.ts";
import type { ChainPoint } from "./signal-chain.ts";
import type { WindowRows } from "./window-rows.ts";

/** A bundle as far as windows are cut for it. A later one has a higher number; a bundle that serves twice has two. */
export interface ChainBundle {
  readonly number: number;
  readonly manifest: Manifest;
}

/** What a thread begins with. */
export interface ChainStart {
  readonly memory: RingMemory;
  /** Where a gateway that pressed is told. */
  readonly lowBytes: number;
  readonly points: readonly ChainPoint[];
  /** What serves now, one a name. */
  readonly bundles: readonly ChainBundle[];
  /** Bundles up to this number have served already: an order to use one was given before the thread began. */
  readonly lastBundle: number;
  /** The newest of each turbine, channel and teller. */
  readonly readings: readonly ToldReading[];
  readonly operation: GatewayConfig["operation"];
  readonly moment: ClockMoment;
}

/** What stands between the blocks. */
export type ChainOrder =
  | { readonly type: "stream"; readonly number: number; readonly stream: BlockStream }
  | {
      readonly type: "hello";
      readonly hello: Pick<HelloMessage, "deviceId" | "channels">;
      readonly moment: ClockMoment;
    }
  | { readonly type: "reading"; readonly reading: ToldReading }
  | { readonly type: "use"; readonly bundle: ChainBundle }
  /** The machine of a point was changed. */
  | { readonly type: "renew"; readonly point: number }
  | { readonly type: "tick"; readonly moment: ClockMoment }
  /** To be answered when all before it is done. */
  | { readonly type: "mark"; readonly mark: number }
  /** Ends; what is open is lost with it. */
  | { readonly type: "close" };

export type ChainTelling =
  /** So many windows ended, the next ones of the batch. */
  | { readonly type: "windows"; readonly count: number }
  | { readonly type: "missing"; readonly point: number; readonly fromMs: number; readonly toMs: number }
  | { readonly type: "silence"; readonly point: number; readonly silence: PointSilence }
  | {
      readonly type: "set-aside";
      readonly quarantine: Quarantine;
      readonly turbine: string | null;
      readonly windows: 0 | 1;
    }
  | { readonly type: "schema-drift"; readonly drift: SchemaDrift }
  /** No window will come any more of a bundle. */
  | { readonly type: "released"; readonly bundle: number }
  /** What was heard of each point until now. */
  | { readonly type: "heard"; readonly heard: readonly PresenceSnapshot[] }
  | { readonly type: "mark"; readonly mark: number }
  | { readonly type: "relieved" };

/** What a thread tells at once, in its order. */
export interface ChainBatch {
  readonly tellings: readonly ChainTelling[];
  readonly windows: WindowRows;
  /** All that came of so many bytes of the memory is told with this, modulo 2^32 … */
  readonly takenBytes: number;
  /** … but for the windows that are open, … */
  readonly open: OpenWindows | null;
  /** … so many at each point, in their order. */
  readonly openOfPoint: Uint16Array;
}
