/** The metrics of the sources of SCADA values; there are as many series as the configuration names servers and topics. */
import type { DeviceDiagnosis } from "../../core/contract/device/device-diagnosis.ts";
import { sourceDiagnosisCodes } from "../../core/contract/source-diagnosis.ts";
import type { Metrics } from "../../core/platform/metrics.ts";
import type { SourceCondition } from "../sources/reading-source.ts";
import { countersBy, gaugesBy } from "./labelled-metrics.ts";

/** A source, as far as it is measured. */
export interface MeasuredSource extends Omit<SourceCondition, "faults"> {
  readonly diagnoses: readonly Pick<DeviceDiagnosis, "code">[];
}

/** Adds them to `metrics`; returns what brings them up to date. */
export function addSourceMetrics(metrics: Metrics, read: () => readonly MeasuredSource[]): () => void {
  const gauge = gaugesBy(metrics, "source");
  const connected = gauge("source_connected", "1 while a source of SCADA values is connected.");
  const diagnosed = gauge(
    "source_diagnosed",
    "1 while that is wrong with a source of SCADA values, for one turbine at least.",
    "code",
  );
  const counter = countersBy(metrics, "source");
  const totals = {
    connections: counter("source_connections_total", "Connections made to a server of a field bus."),
    readings: counter("source_readings_total", "Values that came of a source."),
    bad: counter(
      "source_bad_readings_total",
      "Values of a source that were due and did not come, or were none.",
    ),
  };
  return () => {
    for (const source of read()) {
      const of = { source: source.name };
      connected.set(source.connected ? 1 : 0, of);
      for (const code of sourceDiagnosisCodes)
        diagnosed.set(source.diagnoses.some((each) => each.code === code) ? 1 : 0, {
          source: source.name,
          code,
        });
      for (const key of ["connections", "readings", "bad"] as const) totals[key](source.name, source[key]);
    }
  };
}
