/** An installation whose gateway keeps its state on a small disk of its own, and hears a turbine that develops a fault. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInstallation, names } from "./installation.ts";
import { listen, type Subscriber } from "./subscriber.ts";
import { createTurbine } from "./turbines.ts";

export interface DiskScene {
  readonly stateDir: string;
  readonly subscriber: Subscriber;
  /** What the turbine's device plays. */
  readonly source: ReturnType<typeof createTurbine>["source"];
  /** Writes the gateway's configuration, with the device at this address; returns its path. */
  configure(connect: string): string;
  /** Alarms that the collector knows. */
  countAlarms(): Promise<number>;
}

/** Begins with a collector and a subscriber, and no gateway. */
export async function createDiskScene(disk: string): Promise<DiskScene> {
  const stateDir = join(disk, "gateway");
  mkdirSync(stateDir);
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const { source, bearing } = createTurbine(32, { kind: "outer-race", onsetS: 5 });
  return {
    stateDir,
    subscriber,
    source,
    configure: (connect) =>
      installation.writeGatewayConfig([{ id: "WT02", bearing, connect }], {
        gateway: { id: names.gateway, site: names.site, stateDir, httpPort: 0 },
      }),
    countAlarms: async () => (await collector.record.alarms({ limit: 1, offset: 0 })).total,
  };
}
