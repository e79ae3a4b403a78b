import { expect, onTestFinished, test } from "vitest";
import type { GatewayConfig, PointConfig } from "../../../src/core/contract/config/gateway-config.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { type ConnectDevicesOptions, connectDevices } from "../../../src/gateway/devices/connect-devices.ts";
import { createWorkGauge } from "../../../src/gateway/points/work-gauge.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { createFakeBundle, createFakeMqtt, point, windowAt } from "../fakes.ts";
import { accelerometer, createHello } from "./device-hello.ts";

const bundle = createFakeBundle();

/** What is beside the point. */
interface Beside {
  readonly otherDevice: string;
  readonly clock: ManualClock;
  readonly read: ConnectDevicesOptions["pipeline"]["readings"]["read"];
}

/** A device that does not answer, which feeds the point of these tests; `onRead` is told when a turbine is looked at. */
async function connectOne(
  otherTurbines: number,
  onRead: () => void,
  { otherDevice = "device", clock = createManualClock(), read = () => Number.NaN }: Partial<Beside> = {},
) {
  const bearing = { bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4 };
  const own: PointConfig = {
    component: point.component,
    bundle: bundle.ref.name,
    device: "mcu",
    channel: "de",
    bearing,
    shaftRpm: null,
    baselineEpoch: 0,
  };
  const others = Array.from({ length: otherTurbines }, (_, index) => {
    const device = otherDevice === "mcu" ? "mcu" : `${otherDevice}-${index}`;
    return { id: `other-${index}`, points: [{ ...own, device }] };
  });
  const turbines = [...others, { id: point.turbine, points: [own] }].map((turbine) => {
    return new Proxy(turbine, {
      get: (target, key) => {
        onRead();
        return Reflect.get(target, key);
      },
    });
  });
  const device = { id: "mcu", connect: "tcp://127.0.0.1:1", baud: 921_600, mode: "raw", keyFile: null };
  const config = {
    gateway: { id: "gw-1", site: point.site, stateDir: createTemporaryFolder() },
    operation: { standbyBelowRpm: 300, dataTimeoutSeconds: 30 },
    devices: [{ ...device, alarmRawSamples: 0, alertCaptureSeconds: 0 }],
    scada: [],
    modbus: [],
    opcua: [],
    turbines,
  } as unknown as GatewayConfig;
  const devices = await connectDevices({
    config,
    runtimeVersion: "0.1.0",
    models: { current: () => bundle } as unknown as ConnectDevicesOptions["models"],
    pipeline: {
      announce: () => {},
      accept: () => {},
      acceptDeviceReading: () => {},
      acceptScore: () => {},
      readings: { read, readOf: () => Number.NaN },
    },
    onAlertRecording: () => {},
    load: createWorkGauge(),
    telemetry: { event: () => {} } as unknown as ConnectDevicesOptions["telemetry"],
    topics: createTopics("aurora/v1"),
    mqtt: createFakeMqtt(),
    clock,
    logger: silentLogger,
  });
  onTestFinished(() => devices.close());
  return devices;
}

test("a window's device is found, and what is wrong with it, without a look at any turbine", async () => {
  let reads = 0;
  const devices = await connectOne(50, () => reads++);
  reads = 0;
  const { id: windowId, fromMs, toMs } = windowAt(0);
  const { ref: model } = bundle;
  devices.noteDecision(
    { point, windowId, fromMs, toMs, operatingState: "full-performance", model, modes: [] },
    { window: windowAt(0), bundle, output: { logits: Float64Array.of(0), quantised: new Uint8Array(1) } },
  );
  expect(devices.diagnosed(point.turbine)).toEqual([]);
  expect(devices.describe()).toMatchObject([{ id: "mcu", windows: 1 }]);
  expect(reads).toBe(0);
});

test("a device on two machines takes the speed that one of them is told for neither", async () => {
  const clock = createManualClock();
  const read: Beside["read"] = ({ turbine }, channel) =>
    channel === "power" ? Number.NaN : turbine === point.turbine ? 1_500 : 25;
  const sampled = { ...accelerometer, sampleRateHz: 1_000 };
  const hello = createHello({ channels: [sampled] });
  const counts = Int16Array.from({ length: 1_000 }, (_, index) => [1_000, -1_000][index % 2]!);
  for (const otherDevice of ["mcu", "device"]) {
    // Of the first turbine alone, the device is asked about its speed.
    const isShared = otherDevice === "mcu";
    const told = isShared ? read : () => 25;
    const devices = await connectOne(1, () => {}, { otherDevice, clock, read: told });
    const { watch } = devices.sessions[0]!;
    watch.state("established", "");
    watch.hello(hello);
    watch.configured();
    for (let second = 0; second < 300; second++) {
      clock.advance(1_000);
      const arrival = { arrivedMs: clock.nowMs(), arrivedMonotonicMs: clock.monotonicMs() };
      const block = { channel: 0, firstSample: 1_000 * second, timestampUs: 0, shaftRpm: Number.NaN, counts };
      watch.message({ type: "raw-window", ...block }, hello, arrival);
      devices.tick();
    }
    const codes = devices
      .diagnosed(point.turbine)
      .flatMap(({ diagnoses }) => diagnoses.map(({ code }) => code));
    expect(codes.includes("speed")).toBe(!isShared);
  }
});
