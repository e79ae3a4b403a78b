// Checks the one JSON object that `aurora demo --until alert --json` prints: is it whole, and does it say what it must?
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const complaints = [];
const expectThat = (condition, complaint) => {
  if (!condition) complaints.push(complaint);
};
expectThat(
  typeof report.expected?.turbine === "string" && typeof report.expected?.fault === "string",
  "expected {turbine, fault}",
);
expectThat(Array.isArray(report.alerts) && report.alerts.length > 0, "at least one alert");
expectThat(
  report.alerts?.every((alert) => alert.data.turbine === report.expected.turbine),
  "alerts of the expected turbine only",
);
expectThat(
  report.alerts?.some((alert) => alert.data.failureMode === report.expected.fault),
  "an alert of the expected fault",
);
expectThat(
  report.windows?.processed > 0 && report.windows.quarantined >= 0 && report.windows.dropped === 0,
  "windows {processed, quarantined, dropped}",
);
expectThat(report.latencyMs?.p50 > 0 && report.latencyMs.p99 >= report.latencyMs.p50, "latencyMs {p50, p99}");
expectThat(report.startToFirstPredictionMs > 0, "startToFirstPredictionMs");
for (const complaint of complaints) console.error(`the report lacks: ${complaint}`);
console.log(JSON.stringify({ ...report, alerts: report.alerts?.length }));
process.exit(complaints.length > 0 ? 1 : 0);
