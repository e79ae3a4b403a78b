/** The gateway's metrics in the Prometheus naming practice; every figure is read from where it is counted. */

import { driftLevels } from "../../core/contract/drift-verdict.ts";
import { sourceDiagnosisCodes } from "../../core/contract/source-diagnosis.ts";
import { componentHealths } from "../../core/contract/turbine-state.ts";
import { unfitFilesHelp } from "../../core/platform/daemon/watch-files.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { createMetrics, type Metrics } from "../../core/platform/metrics.ts";
import { rest } from "../../core/platform/rest.ts";
import { storeWrites } from "../record/timed-writes.ts";
import { addBaselineMetrics, addComponentMetrics } from "./component-metrics.ts";
import type { GatewayParts } from "./describe-gateway.ts";
import { addDeviceMetrics } from "./device-metrics.ts";
import { readDiskWrites } from "./disk-writes.ts";
import { countersBy, gaugesBy } from "./labelled-metrics.ts";
import { addSourceMetrics } from "./source-metrics.ts";

type MeasuredParts = Pick<
  GatewayParts,
  | "config"
  | "quality"
  | "figures"
  | "outbox"
  | "uplink"
  | "mqtt"
  | "devices"
  | "pipeline"
  | "register"
  | "conditions"
  | "components"
  | "drift"
  | "sources"
  | "unfitFiles"
  | "journal"
>;

type OutboxCounts = ReturnType<MeasuredParts["outbox"]["counts"]>;

/** Upper bounds in seconds, fine around the 20 ms that a busy gateway stays below. */
const windowLatencyBuckets: readonly number[] = [
  0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.025, 0.03, 0.04, 0.05,
  0.075, 0.1, 0.2, 0.5, 1, 5,
];

export function createGatewayMetrics(parts: MeasuredParts, logger: Logger): Metrics {
  const { config, quality, figures, outbox, uplink, mqtt, register } = parts;
  // The components are those of the configuration: none may end up under `other`.
  const maxSeries = Math.max(
    1000,
    parts.components(parts.conditions()).length * componentHealths.length,
    parts.drift.standings.length * driftLevels.length,
    parts.sources().length * sourceDiagnosisCodes.length,
  );
  const metrics = createMetrics({ defaults: "process", maxSeries, logger });
  const gauge = (name: string, help: string, read: () => number | null): void => {
    metrics.gauge({ name, help }, read);
  };
  const total = (name: string, help: string, read: () => number): void => {
    metrics.counter({ name: `${name}_total`, help }, read);
  };
  const latency = metrics.histogram(
    { name: "window_latency_seconds", help: "Time from when a window's last byte was read to its decision." },
    windowLatencyBuckets,
  );
  figures.onLatency((milliseconds) => latency.observe(milliseconds / 1000));
  total("windows_processed", "Windows that were decided since the start.", () => quality.total.processed);
  total(
    "windows_quarantined",
    "Windows that were set aside since the start.",
    () => quality.total.quarantined,
  );
  total("windows_dropped", "Windows that could not be decided since the start.", () => quality.total.dropped);
  const showOutbox = addOutboxMetrics(metrics);
  const showWrites = addWriteMetrics(metrics);
  gauge(
    "alerts_unpublished",
    "Alerts that the broker has not taken yet: there is no connection, or it refuses them.",
    () => parts.journal.undelivered,
  );
  total(
    "store_commit_seconds",
    "Time since the start that commits of records took, while which no device is read; what else is written is in store_write_seconds_total.",
    () => outbox.counts().commitMs / 1000,
  );
  if (readDiskWrites() !== null) {
    total(
      "disk_written_bytes",
      "Bytes that this process has written to disks since the start, logs and file system included: flash wears by them.",
      () => readDiskWrites()?.writtenBytes ?? 0,
    );
    gauge(
      "disk_written_per_day_bytes",
      "The same a day at the pace since the start; absent in the first ten minutes.",
      () => readDiskWrites()?.writtenPerDayBytes ?? null,
    );
  }
  total("uplink_sent_bytes", "Bytes of uplink messages since the start.", () => uplink.counts().bytesSent);
  total(
    "uplink_acks_refused",
    "Acknowledgements that were not of the collector of this gateway's enrolment, since the start.",
    () => uplink.counts().acksRefused,
  );
  const { workers } = parts.pipeline;
  gauge("workers", "Threads that cut windows beside the main one.", () => workers.running);
  total(
    "workers_ended",
    "Workers that ended unasked since the start; each is begun again.",
    () => workers.ended,
  );
  total(
    "workers_lost_samples",
    "Samples that were on their way to a worker that ended, since the start.",
    () => workers.lostSamples,
  );
  gauge("mqtt_connected", "1 while the broker is connected.", () => (mqtt.connected ? 1 : 0));
  gauge("files_unfit", unfitFilesHelp, () => parts.unfitFiles()?.length ?? null);
  addDeviceMetrics(metrics, parts.devices, parts.pipeline.edgeScores);
  const watched = new Set(config.turbines.map(({ id }) => id));
  gauge("alarms_active", "Alarms whose condition holds, withheld ones included.", () => {
    const open = register.list(config.gateway.site);
    return open.filter((alarm) => alarm.conditionActive && watched.has(alarm.turbine)).length;
  });
  const showBaselines = addBaselineMetrics(metrics);
  const showComponents = addComponentMetrics(metrics, parts);
  const showSources = addSourceMetrics(metrics, parts.sources);
  const showDrift = addDriftMetrics(metrics, parts.drift);
  const showSetAside = countersBy(metrics, "reason")(
    "quarantined_total",
    "Pieces of data that were set aside since the start.",
  );
  return {
    ...metrics,
    render: async () => {
      for (const [reason, count] of Object.entries(quality.total.byReason)) showSetAside(reason, count);
      const counts = outbox.counts();
      showOutbox(counts);
      showWrites(counts);
      const conditions = parts.conditions();
      showBaselines(conditions);
      await showComponents(conditions);
      await rest();
      showDrift();
      showSources();
      await rest();
      return metrics.render();
    },
  };
}

/** Adds what waits for the collector, on the disk and in memory; returns what brings it up to date. */
function addOutboxMetrics(metrics: Metrics): (counts: OutboxCounts) => void {
  const gauge = gaugesBy(metrics);
  const records = gauge("outbox_records", "Records that the collector has not stored yet.");
  const alerts = gauge("outbox_alerts", "Alerts that the collector has not stored yet.");
  const trouble = gauge(
    "outbox_trouble",
    "1 while not all that the gateway records can be written to its disk or read from it: /status and `aurora doctor` say why.",
  );
  return (counts) => {
    const { alert } = counts.lanes;
    records.set(counts.records + counts.pendingRecords);
    alerts.set(alert.records + alert.pending);
    trouble.set(counts.trouble === null ? 0 : 1);
  };
}

/** Adds what writes to the store take, by what is written; returns what brings it up to date. */
function addWriteMetrics(metrics: Metrics): (counts: OutboxCounts) => void {
  const counter = countersBy(metrics, "write");
  const showCount = counter(
    "store_writes_total",
    "Writes to the gateway's store since the start, by what was written.",
  );
  const showSeconds = counter(
    "store_write_seconds_total",
    "Time since the start that they took, while which no device is read.",
  );
  const slowest = gaugesBy(metrics, "write")(
    "store_write_slowest_seconds",
    "Time that the slowest of them took in the last five to ten minutes; 0: there was none.",
  );
  return ({ writes }) => {
    for (const write of storeWrites) {
      const { count, totalMs, slowestMs } = writes[write];
      showCount(write, count);
      showSeconds(write, totalMs / 1000);
      slowest.set(slowestMs / 1000, { write });
    }
  };
}

/** Adds how each point stands against its own days; returns what brings it up to date. */
function addDriftMetrics(metrics: Metrics, drift: MeasuredParts["drift"]): () => void {
  const gauge = gaugesBy(metrics, "turbine", "component");
  const level = gauge(
    "drift_level",
    "1 for what was last said of a point's drift against its own days.",
    "level",
  );
  const days = gauge("drift_reference_days", "Days that a point's own drift reference rests on.");
  const showRefused = countersBy(metrics, "reason")(
    "drift_reports_refused_total",
    "Drift reports that this gateway's own watch did not take since the start.",
  );
  return () => {
    for (const { point, referenceDays, ...now } of drift.standings) {
      const { turbine, component } = point;
      for (const each of driftLevels)
        level.set(each === now.level ? 1 : 0, { turbine, component, level: each });
      days.set(referenceDays, { turbine, component });
    }
    for (const [reason, count] of Object.entries(drift.refused)) showRefused(reason, count);
  };
}
