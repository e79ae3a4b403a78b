/** The shortest form of the fault run: one site, everything is killed once at the worst moment, and the gateway twice. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { auditPark } from "../../scripts/faults/audit-park.ts";
import { patienceMs } from "../../scripts/faults/daemon-process.ts";
import { startFaultSite } from "../../scripts/faults/fault-site.ts";
import { openWatchedPark } from "../../scripts/faults/watched-park.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import { compiledCommand } from "../support/compiled.ts";
import { hasMosquitto } from "../support/mosquitto.ts";
import { until } from "../support/until.ts";

test.skipIf(!hasMosquitto)(
  "what was acknowledged to a device or raised as an alert is stored once or declared, whoever is killed",
  async () => {
    const site = await startFaultSite({ command: compiledCommand(), name: "short" });
    try {
      const park = await openWatchedPark(site, {
        name: "short",
        turbines: 2,
        seed: 3,
        speed: 8,
        firstOnsetS: 16,
        onsetStepS: 16,
      });
      try {
        await park.gateway.start();
        await until(() => park.logged.length > 0, "an alert is raised", patienceMs);
        await Promise.all([park.gateway.kill(), site.collector.kill(), site.broker.kill()]);
        await site.broker.start();
        await site.collector.start();
        await park.gateway.start();
        await delay(1_500);
        await park.gateway.kill();
        await park.gateway.start();
        await park.finish();
        await site.collector.stop();
        const record = await site.openRecord();
        const audit = await auditPark(record, park).finally(() => record.close());
        expect([...audit.wrongs, ...park.gateway.crashes, ...site.collector.crashes]).toEqual([]);
        expect(audit.alerts).toBeGreaterThan(0);
        expect(audit.windows).toBeGreaterThan(10);
        takeFromRecord(join(site.folder, "collector", "collector.sqlite"));
        const robbed = await site.openRecord();
        const { wrongs } = await auditPark(robbed, park).finally(() => robbed.close());
        expect(wrongs.join("\n")).toMatch(/alerts are not stored|which is not stored/);
        expect(wrongs.join("\n")).toMatch(/pieces are neither stored nor declared/);
      } finally {
        await park.close();
      }
    } finally {
      await site.close();
    }
  },
  patienceMs,
);

/** Removes alerts and most predictions behind the collector's back: an audit that passes that over proves nothing. */
function takeFromRecord(path: string): void {
  const database = openSqlite(path);
  database.exec(`DELETE FROM alert_event; DELETE FROM alarm;
    DELETE FROM prediction WHERE time_ms < (SELECT MAX(time_ms) FROM prediction) - 5000`);
  database.close();
}
