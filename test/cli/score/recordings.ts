/** Files of invented vibration, what is known of them, and what the gateway's own pipeline says of them. */
import { join } from "node:path";
import type { BearingOrders } from "../../../src/core/contract/bundle/bearing.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import type { LoadedBundle, ScoredWindow } from "../../../src/core/serving/loaded-bundle.ts";
import { createPipeline } from "../../../src/gateway/points/pipeline.ts";
import { createDataQuality } from "../../../src/gateway/record/data-quality.ts";
import type { Sidecar } from "../../../src/training/dataset/sidecar/sidecar.ts";
import { createIdleBaselines } from "../../gateway/fakes.ts";

/** The bundle that the repository ships. */
export const shippedBundle: string = join(
  import.meta.dirname,
  "..",
  "..",
  "..",
  "models",
  "bearing-vibration",
  "1.0.0",
);

/** One channel at one speed. */
export interface Simulated {
  readonly counts: Int16Array;
  readonly sidecar: Sidecar & { readonly scale: number };
}

/** A bearing whose inner race rings a resonance at every passing ball, louder once a turn, in noise. */
export function simulateFault(seconds: number): Simulated {
  const [rateHz, shaftRpm, scale] = [12_000, 1797, 0.0005];
  const bearing = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };
  const random = createRandom(7);
  const passHz = (bearing.bpfi * shaftRpm) / 60;
  const counts = Int16Array.from({ length: seconds * rateHz }, (_, index) => {
    const timeS = index / rateHz;
    const sincePassS = (timeS * passHz - Math.floor(timeS * passHz)) / passHz;
    const ring = Math.exp(-sincePassS * 900) * Math.sin(2 * Math.PI * 3100 * sincePassS);
    const load = 1 + 0.6 * Math.cos((2 * Math.PI * shaftRpm * timeS) / 60);
    // The noise swells, so that no two windows are the same.
    return Math.round(900 * ring * load + (60 + 8 * timeS) * random.normal());
  });
  return { counts, sidecar: { rateHz, shaftRpm, bearing, scale } };
}

/** What a gateway makes of the same samples when they come in blocks of `blockSamples`. */
export async function scoreOnGateway(
  bundle: LoadedBundle,
  { counts, sidecar }: Simulated,
  blockSamples: number,
): Promise<ScoredWindow[]> {
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "test" },
    devices: [{ id: "mcu", connect: "mqtt" }],
    turbines: [
      {
        id: "WT01",
        points: [
          {
            component: "bearing",
            bundle: bundle.ref.name,
            device: "mcu",
            channel: "a",
            bearing: sidecar.bearing,
          },
        ],
      },
    ],
  });
  const windows: ScoredWindow[] = [];
  const pipeline = createPipeline({
    config,
    bundleOf: () => bundle,
    register: createAlarmRegister(),
    quality: createDataQuality(),
    snapshots: new Map(),
    baselines: createIdleBaselines(),
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    logger: silentLogger,
    sink: {
      onDecision: (_, scored) => {
        if (scored !== null) windows.push(scored);
      },
      onAlerts: () => {},
      onQuarantine: () => {},
      onSchemaDrift: () => {},
    },
  });
  for (let at = 0; at < counts.length; at += blockSamples) {
    const block = {
      deviceId: "mcu",
      channel: "a",
      unit: "g",
      timestampMs: (at * 1000) / sidecar.rateHz,
      firstSample: at,
      sampleRateHz: sidecar.rateHz,
      scale: sidecar.scale,
      shaftRpm: sidecar.shaftRpm,
      arrivedMonotonicMs: 0,
    };
    pipeline.accept({ ...block, counts: counts.subarray(at, at + blockSamples) });
  }
  await pipeline.idle();
  await pipeline.close();
  return windows;
}

/** The bytes of a `.npy` of format 1.0. */
export function encodeNpy(
  data: Int16Array | Int32Array | Float32Array | Float64Array,
  shape: readonly number[],
  change: { readonly descr?: string; readonly fortran?: boolean } = {},
): Buffer {
  const kind = data instanceof Int16Array || data instanceof Int32Array ? "i" : "f";
  const descr = change.descr ?? `<${kind}${data.BYTES_PER_ELEMENT}`;
  const order = change.fortran === true ? "True" : "False";
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape.join(", ")},), }`;
  const header = `${text.padEnd(117)}\n`;
  const head = Buffer.alloc(10);
  head.write("\x93NUMPY\x01\x00", "latin1");
  head.writeUInt16LE(header.length, 8);
  const body = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([head, Buffer.from(header, "latin1"), body]);
}

/** The options of a command that say the same as `sidecar`. */
export function sidecarArguments({ rateHz, shaftRpm, bearing, scale }: Sidecar): string[] {
  const orders = Object.entries(bearing satisfies BearingOrders).map(([key, value]) => `${key}=${value}`);
  const flags = ["--rate-hz", `${rateHz}`, "--shaft-rpm", `${shaftRpm}`, "--bearing", orders.join(",")];
  return scale === null ? flags : [...flags, "--scale", `${scale}`];
}
