/** Two invented turbines with hourly readings under an invented normal-behaviour bundle whose student always says 0. */

import type { AlertEvent } from "../../../../src/core/contract/alert.ts";
import type { NormalBehaviourSpec } from "../../../../src/core/contract/bundle/normal-behaviour.ts";
import type { GatewayConfig } from "../../../../src/core/contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../../../../src/core/contract/config/gateway-config-schema.ts";
import type { Decision } from "../../../../src/core/contract/prediction.ts";
import { createAlarmRegister } from "../../../../src/core/decision/alarms/alarm-register.ts";
import { hourMs } from "../../../../src/core/maths/durations.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import type { ScoredRow } from "../../../../src/core/serving/scada/scada-turbine.ts";
import { createScadaWatch, type ScadaWatch } from "../../../../src/gateway/points/scada-watch.ts";
import { createDataQuality, type DataQuality } from "../../../../src/gateway/record/data-quality.ts";
import type { StateStore } from "../../../../src/gateway/record/state-store.ts";
import { createFakeBundle, createFakeState, type FakeBundle } from "../../fakes.ts";

const units: Readonly<Record<string, string>> = { power: "kW", wind: "m/s" };
export const unitOf = (channel: string): string => units[channel] ?? "degC";
export const channels = ["power", "wind", "gear-oil", "gear-bearing", "phase-1", "phase-2", "phase-3"];
const temperatures = channels.slice(2);
export const dayMs = 24 * hourMs;
/** A midnight. */
export const startMs = 19_000 * dayMs;

export const spec: NormalBehaviourSpec = {
  residuals: temperatures.map((channel) => ({
    channel,
    component: channel.startsWith("gear") ? "gearbox" : "transformer",
    siblings: channel.startsWith("phase") ? "phases" : null,
    location: 60,
    scale: 1,
  })),
  operation: {
    limits: [{ channel: "wind", min: 4, max: 25 }],
    powerCurve: {
      windChannel: "wind",
      powerChannel: "power",
      minRatio: 0.5,
      maxRatio: 1.5,
      points: [
        [4, 100],
        [12, 2000],
      ],
    },
  },
  statistics: {
    minRowsPerDay: 10,
    historyDays: 60,
    gapDays: 7,
    minHistoryDays: 20,
    relearnDays: 20,
    excludeDays: 10,
    minScale: 0.3,
    clip: 8,
    ewmaDays: 5,
  },
  guard: { frozenRows: 3, fall: 10, siblingsWithin: 3, beforeDays: 6 },
  policy: {
    roundDays: 2,
    perRound: 1,
    muteDays: 20,
    minLeadDays: 2,
    maxLeadDays: 60,
    evidence: 1,
    scoreCap: 6,
    referenceDays: 120,
    minWorthEur: 0,
    components: ["gearbox", "transformer"].map((component) => ({
      component,
      prior: 0.02,
      worthEur: 20_000,
      inspectionEur: 5000,
    })),
  },
};

export function createScadaBundle(version = "1.0.0", changes: Partial<NormalBehaviourSpec> = {}): FakeBundle {
  const bundle = createFakeBundle(version, {
    name: "scada-test",
    task: "normal-behaviour",
    horizonHours: 1440,
    window: { unit: "seconds", length: 3600, hop: 3600 },
    channels: channels.map((name) => ({
      name,
      unit: unitOf(name),
      min: -10_000,
      max: 5000,
      kind: "scalar",
      missing: "quarantine",
      minRateHz: 1e-4,
      maxRateHz: 1,
      stuckAfter: 1000,
    })),
    features: {
      catalogueVersion: 1,
      chains: [{ name: "power", kind: "readings", params: { channel: "power" } }],
      list: [
        { name: "power", operator: "mean", chain: "power", params: {}, group: "power" },
        {
          name: "power.2h",
          operator: "recent-mean",
          chain: "power",
          group: "power",
          params: { tauHours: 2 },
        },
      ],
    },
    outputs: temperatures.map((channel) => ({ failureMode: channel, title: channel.replace("-", " ") })),
    calibration: [],
    thresholds: [],
    groups: ["power"],
    normalBehaviour: { ...spec, ...changes },
  });
  bundle.score = async () => ({
    quantised: new Uint8Array(temperatures.length).fill(128),
    logits: new Float64Array(temperatures.length),
  });
  return bundle;
}

/** What of a turbine is not as usual at an hour: added to channels, or a whole row. */
export type Disturbance = (
  turbine: string,
  hour: number,
) => Readonly<Record<string, number>> | "frozen" | null;

type Repairs = readonly { readonly component: string; readonly date: string }[];

export interface ScadaSite {
  readonly state: StateStore;
  readonly quality: DataQuality;
  readonly alerts: AlertEvent[];
  readonly decisions: Decision[];
  readonly events: string[];
  readonly rows: { readonly turbine: string; readonly judged: ScoredRow }[];
  /** A gateway's watch, as after a start; `repairs` of T1, where they are others than the site's, and another bundle of T2. */
  start(bundle: FakeBundle, repairs?: Repairs, ofT2?: FakeBundle): ScadaWatch;
  /** Plays hours `from` … `to` (exclusive) of both turbines. */
  play(watch: ScadaWatch, from: number, to: number, disturbance?: Disturbance): Promise<void>;
}

export function createScadaSite(repairs: Repairs = []): ScadaSite {
  const state = createFakeState();
  const quality = createDataQuality();
  const alerts: AlertEvent[] = [];
  const decisions: Decision[] = [];
  const events: string[] = [];
  const rows: ScadaSite["rows"] = [];
  const register = createAlarmRegister();
  const turbines = ["T1", "T2"];
  const configure = (own: Repairs, ofT1: FakeBundle, ofT2: FakeBundle): GatewayConfig =>
    gatewayConfigSchema().parse({
      gateway: { id: "gw", site: "north" },
      turbines: [
        { id: "T1", scadaBundle: ofT1.ref.name, repairs: own },
        { id: "T2", scadaBundle: ofT2.ref.name },
      ],
    });
  return {
    state,
    quality,
    alerts,
    decisions,
    events,
    rows,
    start: (bundle, own = repairs, ofT2 = bundle) => {
      const serving = new Map([bundle, ofT2].map((each) => [each.ref.name, each]));
      const watch = createScadaWatch({
        config: configure(own, bundle, ofT2),
        register,
        quality,
        logger: silentLogger,
        bundleOf: (name) => serving.get(name)!,
        state,
        sink: {
          onDecision: (decision) => decisions.push(decision),
          onAlert: (event) => alerts.push(event),
          onQuarantine: () => {},
          onSchemaDrift: () => {},
          onEvent: (subject, name) =>
            events.push(name === "scada-lost" ? `lost ${subject}` : `${subject} ${name}`),
          onRow: (turbine, judged) => rows.push({ turbine, judged }),
        },
      });
      const use: ScadaWatch["use"] = (next) => {
        serving.set(next.ref.name, next as FakeBundle);
        watch.use(next);
      };
      return { ...watch, use };
    },
    play: async (watch, from, to, disturbance = () => null) => {
      for (let hour = from; hour < to; hour++) {
        for (const [index, turbine] of turbines.entries()) {
          const change = disturbance(turbine, hour);
          // Of the hour and the turbine alone, so that a restart changes nothing.
          const random = createRandom((change === "frozen" ? 0 : hour) * 2 + index);
          const wind = 6 + 4 * random.uniform();
          for (const channel of channels) {
            const noise = random.normal();
            const usual =
              channel === "wind" ? wind : channel === "power" ? 100 + (wind - 4) * 237.5 : 60 + noise;
            const value = usual + (change === null || change === "frozen" ? 0 : (change[channel] ?? 0));
            const timestampMs = startMs + hour * hourMs;
            const arrival = { arrivedMs: timestampMs, arrivedMonotonicMs: 0 };
            const reading = { deviceId: turbine, channel, unit: unitOf(channel), timestampMs, value };
            expectKnown(watch.accept({ ...reading, ...arrival }));
          }
        }
        if (hour % 24 === 0) await watch.idle();
      }
      await watch.idle();
    },
  };
}

function expectKnown(isKnown: boolean): void {
  if (!isKnown) throw new Error("a channel of the bundle was not taken");
}
