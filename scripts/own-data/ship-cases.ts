/** From a bundle in a folder to an alert: published to a running collector, taken by a running gateway, raised on a device. */
import type { ChildProcess } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";
import { findFreePort } from "../../test/support/free-port.ts";
import { until } from "../../test/support/until.ts";
import { createDaemonProcess } from "../faults/daemon-process.ts";
import type { FaultLedger } from "../faults/fault-ledger.ts";
import type { LearntSet } from "./learn-cases.ts";
import { killHard, makeDir, type OwnDataRig } from "./own-data-rig.ts";

/** What of an alert is read. */
interface SeenAlert {
  readonly event: {
    readonly data: {
      readonly failureMode: string;
      readonly turbine: string;
      readonly model: { readonly name: string; readonly version: string; readonly digest: string };
    };
  };
}

const seed = 3;
const patienceMs = 240_000;

/** Publishes and waits for the alert. */
export async function shipToGateway(rig: OwnDataRig, learnt: LearntSet, ledger: FaultLedger): Promise<void> {
  const { folder } = rig;
  const [httpPort, mqttPort, devicePort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const release = [join(folder, "keys", "release.pub"), join(packageRoot(), "models", "release.pub")];
  const verified = await rig.aurora("bundle", "verify", learnt.bundle, "--keys", release[0]!);
  ledger.check("the bundle is signed by one's own release key", verified.code === 0, verified.stderr);
  await rig.aurora("keys", "publisher", join(folder, "publishers"), "own");
  const url = `http://127.0.0.1:${httpPort}`;
  const configs = writeConfigs(rig, { httpPort, mqttPort, devicePort, release, url });
  const command = join(packageRoot(), "dist", "src", "cli", "main.js");
  const collector = createDaemonProcess({ command, args: ["collector", "--config", configs.collector] });
  const gateway = createDaemonProcess({ command, args: ["gateway", "--config", configs.gateway] });
  let device: ChildProcess | null = null;
  try {
    await collector.start();
    await gateway.start();
    const version = async (): Promise<unknown> => {
      const status = (await (await fetch(`${gateway.url}/status`)).json()) as {
        models?: { version: string }[];
      };
      return status.models?.[0]?.version;
    };
    await until(async () => (await version()) === "1.0.0", "the gateway serves the parent", patienceMs);
    const publish = await rig.aurora(
      "bundle",
      "publish",
      learnt.bundle,
      "--collector",
      url,
      "--json",
      "--key",
      join(folder, "publishers", "own.key"),
    );
    ledger.check("the bundle is published to a running collector", publish.code === 0, publish.stderr);
    await until(
      async () => (await version()) === "1.1.0",
      "the gateway serves what was published",
      patienceMs,
    );
    ledger.check("the running gateway takes it", true, "");
    // Only now: whatever is raised is raised by it.
    device = rig.start(
      "device",
      "sim",
      "--connect",
      `tcp://127.0.0.1:${devicePort}`,
      "--id",
      "mcu-1",
      "--seed",
      `${seed}`,
      "--turbines",
      "1",
      "--fault",
      "inner-race",
      "--onset",
      "20",
      "--growth",
      "40",
      "--speed",
      "20",
    );
    device.stdout!.resume();
    device.stderr!.resume();
    const alerts = async (): Promise<readonly SeenAlert[]> =>
      ((await (await fetch(`${url}/api/v1/alerts`)).json()) as { items: readonly SeenAlert[] }).items;
    await until(async () => (await alerts()).length > 0, "an alert reaches the collector", patienceMs);
    const [{ event }] = (await alerts()) as [SeenAlert];
    const { failureMode, model } = event.data;
    ledger.check(
      "it raises the right alert, by the model that was published",
      failureMode === "inner-race" && model.version === "1.1.0" && model.digest === learnt.digest,
      JSON.stringify(event.data).slice(0, 400),
    );
  } catch (error) {
    const logs = `${gateway.log.slice(-500)} ${collector.log.slice(-300)}`;
    ledger.check("from bundle to alert", false, `${String(error)}: ${logs}`);
  } finally {
    if (device !== null) await killHard(device);
    await Promise.all([gateway.stop(), collector.stop()]);
  }
}

interface Places {
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly devicePort: number;
  /** Public release keys: one's own, and that of the shipped bundles. */
  readonly release: readonly string[];
  readonly url: string;
}

function writeConfigs(
  { folder }: OwnDataRig,
  { httpPort, mqttPort, devicePort, release, url }: Places,
): { readonly collector: string; readonly gateway: string } {
  const write = (name: string, config: object): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(config));
    return path;
  };
  writeFileSync(join(folder, "gateway.password"), "a password of this run alone", { mode: 0o600 });
  const models = makeDir(join(folder, "models"));
  cpSync(
    join(packageRoot(), "models", "bearing-vibration", "1.0.0"),
    join(models, "bearing-vibration", "1.0.0"),
    {
      recursive: true,
    },
  );
  const { orders } = createTurbineSimulation({ seed, turbines: 1, fault: "none" }).turbines[0]!;
  const collector = write("collector.yaml", {
    collector: { stateDir: join(folder, "collector"), httpPort },
    mqtt: {
      embedded: {
        port: mqttPort,
        anonymousRead: true,
        gateways: [{ id: "gw", site: "own", passwordFile: join(folder, "gateway.password") }],
      },
    },
    registry: {
      keysDir: join(folder, "keys"),
      publish: [],
      trustedKeys: release,
      publishers: [{ name: "own", keyFile: join(folder, "publishers", "own.pub"), models: ["bearing-*"] }],
    },
  });
  const gateway = write("gateway.yaml", {
    gateway: { id: "gw", site: "own", stateDir: join(folder, "gateway"), httpPort: 0 },
    mqtt: {
      url: `mqtt://127.0.0.1:${mqttPort}`,
      username: "gw",
      passwordFile: join(folder, "gateway.password"),
    },
    devices: [{ id: "mcu-1", connect: `tcp://127.0.0.1:${devicePort}` }],
    turbines: [
      {
        id: "pump-1",
        points: [
          {
            component: "generator-bearing",
            bundle: "bearing-vibration",
            device: "mcu-1",
            channel: "accel-de",
            bearing: orders,
          },
        ],
      },
    ],
    bundles: { dir: models, trustedKeys: release },
    updates: {
      enabled: true,
      url: `${url}/tuf`,
      rootFile: join(folder, "keys", "root.json"),
      pollSeconds: 1,
    },
    uplink: { predictionIntervalSeconds: 1, healthIntervalSeconds: 5 },
  });
  return { collector, gateway };
}
