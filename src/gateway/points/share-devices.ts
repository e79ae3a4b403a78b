/** How many workers a gateway has, and which devices' windows each of them cuts. Begins none. */
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";

/** Fewer points of raw samples than this are no reason for a worker: one core takes several hundred of 12 kHz. */
const pointsPerWorker = 64;
const maxWorkers = 16;

/** What the number rests on. */
type Measured = Pick<GatewayConfig, "devices" | "turbines"> & {
  readonly gateway: Pick<GatewayConfig["gateway"], "profile" | "workers">;
};

/** As configured, else by points and by `cores`; never more than there are devices to be shared out. */
export function countWorkers(config: Measured, cores: number): number {
  const { profile, workers } = config.gateway;
  const loads = countRawPoints(config);
  if (profile === "small") return 0;
  if (workers !== null) return Math.min(workers, loads.size);
  // One core is what the main thread has.
  if (cores < 2) return 0;
  const points = [...loads.values()].reduce((sum, count) => sum + count, 0);
  return Math.min(Math.floor(points / pointsPerWorker), cores, maxWorkers, loads.size);
}

/** The worker, from 0, of each device that has one: evenly by points, in the order of the configuration. */
export function shareDevices(config: Measured, workers: number): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  if (workers === 0) return shares;
  const loads = Array.from({ length: workers }, () => 0);
  for (const [device, points] of countRawPoints(config)) {
    const lightest = loads.indexOf(Math.min(...loads));
    loads[lightest]! += points;
    shares.set(device, lightest);
  }
  return shares;
}

/** Points of each device that sends nothing but raw samples. */
function countRawPoints({ devices, turbines }: Measured): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const raw = new Set(devices.filter(({ mode }) => mode === "raw").map(({ id }) => id));
  for (const { device } of turbines.flatMap(({ points }) => points)) {
    if (raw.has(device)) counts.set(device, (counts.get(device) ?? 0) + 1);
  }
  return counts;
}
