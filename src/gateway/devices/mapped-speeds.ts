/** Of which turbines the shaft speed is mapped from SCADA, and why the last values of it were not accepted. */
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { listMappedChannels } from "../../core/contract/config/mapped-channels.ts";
import type { Quarantine } from "../../core/contract/stream.ts";
import { minuteMs } from "../../core/maths/durations.ts";
import type { Clock } from "../../core/platform/clock.ts";

interface MappedSpeeds {
  /** Something was set aside; what is no shaft speed of a turbine is passed over. */
  noteSetAside(quarantine: Quarantine): void;
  /** Why none may be known of a turbine, as far as that is known: empty where it is not. Null: none is mapped. */
  whyMissing(turbine: string): string | null;
}

const channel = "shaft-speed";
/** What was set aside before says nothing of now. */
const lateMs = 10 * minuteMs;

export function createMappedSpeeds(config: GatewayConfig, clock: Pick<Clock, "monotonicMs">): MappedSpeeds {
  const mapped = new Set(
    listMappedChannels(config).flatMap(({ turbine, channels }) =>
      channels.some(({ name }) => name === channel) ? [turbine] : [],
    ),
  );
  const setAside = new Map<string, { readonly detail: string; readonly atMs: number }>();
  return {
    noteSetAside: ({ deviceId: turbine, channel: of, reason, detail }) => {
      // Of a gap the reading behind it was accepted.
      if (of !== channel || reason === "gap" || !mapped.has(turbine)) return;
      setAside.set(turbine, { detail, atMs: clock.monotonicMs() });
    },
    whyMissing: (turbine) => {
      if (!mapped.has(turbine)) return null;
      const last = setAside.get(turbine);
      return last === undefined || clock.monotonicMs() - last.atMs > lateMs ? "" : last.detail;
    },
  };
}
