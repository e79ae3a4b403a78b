/** The metrics of a gateway's devices: links, what they say of themselves, scores, models. Counts nothing itself. */
import type { LinkStatistics } from "../../../firmware-bridge/session/packet-receiver.ts";
import type { DeviceHealthMessage } from "../../core/contract/device/device-message.ts";
import type { Metrics } from "../../core/platform/metrics.ts";
import type { ConnectedDevices } from "../devices/connect-devices.ts";
import type { EdgeScoreCounts } from "../points/edge-scores.ts";

/** Name, help, and where the figure is in what a device has of its kind. */
type Row<Source> = readonly [name: string, help: string, read: (source: Source) => number | undefined];

const linkTotals: readonly Row<LinkStatistics>[] = [
  [
    "device_discarded_bytes_total",
    "Bytes on device links that belonged to no good frame.",
    (link) => link.discardedBytes,
  ],
  ["device_bad_frames_total", "Frames of devices with a wrong length or checksum.", (link) => link.badFrames],
  [
    "device_malformed_messages_total",
    "Whole frames whose message could not be understood.",
    (link) => link.malformedMessages,
  ],
  [
    "device_lost_frames_total",
    "Frames of devices that did not come in their turn, by their numbers.",
    (link) => link.lostFrames,
  ],
  [
    "device_late_frames_total",
    "Of these, frames that came after newer ones, and were not used.",
    (link) => link.lateFrames,
  ],
  ["device_repeated_frames_total", "Frames of devices that had come before.", (link) => link.duplicates],
];

const healthGauges: readonly Row<DeviceHealthMessage>[] = [
  [
    "device_dropped_samples",
    "Samples that devices could not send, by their own count since their boot.",
    (health) => health.droppedSamples,
  ],
  [
    "device_abandoned_windows",
    "Windows that devices gave up, by their own count since their boot.",
    (health) => health.abandonedWindows,
  ],
  [
    "device_heard_bad_frames",
    "Bad frames that devices heard from this gateway, by their own count since their boot.",
    (health) => health.badFrames,
  ],
];

const scoreTotals: readonly Row<EdgeScoreCounts>[] = [
  ["device_scores_total", "Scores that devices computed themselves.", (scores) => scores.received],
  [
    "device_scores_agreed_total",
    "Scores of devices that the gateway computed too, to the same integers.",
    (scores) => scores.agreed,
  ],
  [
    "device_score_mismatches_total",
    "Scores of devices with other integers than the gateway's.",
    (scores) => scores.mismatched,
  ],
  [
    "device_scores_unknown_model_total",
    "Scores of models that this gateway does not know.",
    (scores) => scores.unknownModel,
  ],
];

/** Adds them to `metrics`; they are read at every scrape. */
export function addDeviceMetrics(
  metrics: Metrics,
  devices: ConnectedDevices,
  edgeScores: EdgeScoreCounts,
): void {
  type Device = ConnectedDevices["sessions"][number];
  const sum = (read: (device: Device) => number | undefined) => () =>
    devices.sessions.reduce((total, device) => total + (read(device) ?? 0), 0);
  const gauge = (name: string, help: string, read: () => number): void => {
    metrics.gauge({ name, help }, read);
  };
  const total = (name: string, help: string, read: () => number): void => {
    metrics.counter({ name, help }, read);
  };

  gauge(
    "devices_established",
    "Devices that are connected and introduced.",
    sum(({ session }) => (session.state === "established" ? 1 : 0)),
  );
  gauge(
    "devices_diagnosed",
    "Devices that something is wrong with, by `aurora device list`.",
    sum(({ watch }) => (watch.diagnoses.length > 0 ? 1 : 0)),
  );
  for (const [name, help, read] of linkTotals)
    total(
      name,
      help,
      sum(({ session }) => read(session.statistics)),
    );
  total(
    "device_recordings_total",
    "Recordings of raw samples that were kept.",
    () => devices.recordings.written,
  );
  total(
    "device_recordings_missed_total",
    "Alerts of devices that no raw samples could be had for.",
    () => devices.alertCaptures.missed,
  );
  const { backPressure } = devices;
  total("device_pauses_total", "Times that devices had to wait for the gateway.", () => backPressure.pauses);
  gauge("devices_paused", "1 while devices have to wait.", () => (backPressure.isPaused ? 1 : 0));
  total(
    "device_ignored_stops_total",
    "Packets that devices sent although they were told to wait.",
    sum(({ session }) => session.ignoredStops),
  );
  for (const [name, help, read] of healthGauges)
    gauge(
      name,
      help,
      sum(({ health }) => (health === null ? 0 : read(health))),
    );
  for (const [name, help, read] of scoreTotals) total(name, help, () => read(edgeScores) ?? 0);
  for (const outcome of ["confirmed", "refused", "reverted", "failed"] as const) {
    const help = `Models pushed to devices that ended as ${outcome}.`;
    total(`device_models_${outcome}_total`, help, () => devices.pushes.counts[outcome]);
  }
}
