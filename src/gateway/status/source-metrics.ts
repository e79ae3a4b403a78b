/** The metrics of the sources of SCADA values; there are as many series as the configuration names servers and topics. */
import type { DeviceDiagnosis } from "../../core/contract/device/device-diagnosis.ts";
import { sourceDiagnosisCodes } from "../../core/contract/source-diagnosis.ts";
import type { Metrics } from "../../core/platform/metrics.ts";
import type { SourceCondition } from "../sources/reading-source.ts";

/** A source, as far as it is measured. */
export interface MeasuredSource extends Omit<SourceCondition, "faults"> {
  readonly diagnoses: readonly Pick<DeviceDiagnosis, "code">[];
}

/** Adds them to `metrics`; returns what brings them up to date. */
export function addSourceMetrics(metrics: Metrics, read: () => readonly MeasuredSource[]): () => void {
  const labels = ["source"];
  const connected = metrics.gauge({
    name: "source_connected",
    help: "1 while a source of SCADA values is connected.",
    labels,
  });
  const diagnosed = metrics.gauge({
    name: "source_diagnosed",
    help: "1 while that is wrong with a source of SCADA values, for one turbine at least.",
    labels: [...labels, "code"],
  });
  const totals = {
    connections: metrics.counter({
      name: "source_connections_total",
      help: "Connections made to a server of a field bus.",
      labels,
    }),
    readings: metrics.counter({
      name: "source_readings_total",
      help: "Values that came of a source.",
      labels,
    }),
    bad: metrics.counter({
      name: "source_bad_readings_total",
      help: "Values of a source that were due and did not come, or were none.",
      labels,
    }),
  };
  const told = new Map<string, MeasuredSource>();
  return () => {
    for (const source of read()) {
      const of = { source: source.name };
      connected.set(source.connected ? 1 : 0, of);
      for (const code of sourceDiagnosisCodes)
        diagnosed.set(source.diagnoses.some((each) => each.code === code) ? 1 : 0, {
          source: source.name,
          code,
        });
      const before = told.get(source.name);
      for (const key of ["connections", "readings", "bad"] as const)
        totals[key].add(source[key] - (before?.[key] ?? 0), of);
      told.set(source.name, source);
    }
  };
}
