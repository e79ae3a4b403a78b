/** The checks of `aurora doctor`, in the order in which one needs what another has found. */
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { ConfigError } from "../../core/platform/daemon/config-error.ts";
import type { InstalledConfig } from "../../core/platform/daemon/installed-config.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { asSmall, type GatewaySource, readGatewayFile } from "../../core/serving/gateway-file.ts";
import { checkBroker } from "./check-broker.ts";
import { checkClock } from "./check-clock.ts";
import { checkCollector } from "./check-collector.ts";
import { checkDisk } from "./check-disk.ts";
import { checkLines, limitLines } from "./check-lines.ts";
import { checkModels } from "./check-models.ts";
import { checkNativeParts } from "./check-native.ts";
import { checkPort } from "./check-port.ts";
import { bad, type CheckResult, good, skipped, warning } from "./check-result.ts";
import { checkRunning } from "./check-running.ts";
import { checkUpdateServer } from "./check-update-server.ts";
import { type FoundGateway, findGateway, judgeRunning } from "./find-gateway.ts";
import type { Check } from "./run-checks.ts";

/** All of them; where the configuration cannot be read, what can be looked at without one. */
export function listChecks(options: GatewaySource): readonly Check[] {
  const clock: Check = {
    group: "machine",
    name: "clock",
    timeoutMs: 2_000,
    run: async () => [await checkClock(Date.now())],
  };
  try {
    const file = readGatewayFile(options);
    return [configurationCheck(file, options), clock, ...checksOf(file.config, options)];
  } catch (error) {
    // Of a file that is wrong everything else would be, too.
    if (!(error instanceof ConfigError)) throw error;
    const run = async (): Promise<readonly CheckResult[]> => [
      ...describeComplaints(error),
      skipped("everything else", "mend the configuration first"),
    ];
    return [clock, { group: "configuration", name: "configuration", timeoutMs: 5_000, run }];
  }
}

function describeComplaints({ complaints, hint }: ConfigError, say = bad): readonly CheckResult[] {
  return complaints.map(({ file, line, column, variable, key, problem, write }) => {
    const place = variable ?? (line === null ? file : `${file}:${line}:${column}`);
    return say("configuration", `${place}: ${key === "" ? "" : `${key}: `}${problem}`, write ?? hint);
  });
}

function configurationCheck(file: InstalledConfig<GatewayConfig>, { configPath }: GatewaySource): Check {
  const run = async (): Promise<readonly CheckResult[]> => {
    const findings = await file.check();
    if (findings.length > 0) return describeComplaints(file.refuse(findings));
    const { gateway, turbines, devices } = file.config;
    const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
    const text = `${configPath}: gateway ${gateway.id}, ${count(turbines.length, "turbine")}, ${count(devices.length, "device")}`;
    const warnings = [...file.warnings(), ...(await file.fileWarnings())];
    return [good("configuration", text), ...describeComplaints(file.refuse(warnings), warning)];
  };
  return { group: "configuration", name: "configuration", timeoutMs: 10_000, run };
}

function checksOf(config: GatewayConfig, options: GatewaySource): readonly Check[] {
  let found: FoundGateway = { url: "", page: null, isLate: false, missing: null };
  let client: MqttClient | null = null;
  let runs: boolean | null = null;
  const { url } = config.updates;
  const check = (group: Check["group"], name: string, run: Check["run"]): Check => {
    return { group, name, timeoutMs: 30_000, run };
  };
  return [
    check("machine", "gateway's port", async () => {
      found = await findGateway(config);
      runs = judgeRunning(config, found);
      return [await checkPort(config, found)];
    }),
    check("machine", "disk", () => checkDisk(config)),
    check("machine", "native parts", () => checkNativeParts(config)),
    check("models", "models", () => {
      const { runtimeVersion } = options;
      if (runs !== true) return checkModels({ config, runtimeVersion, isRunning: false });
      const profile = found.page?.profile ?? config.gateway.profile;
      const served = profile === "small" ? asSmall(config) : readGatewayFile({ ...options, profile }).config;
      return checkModels({ config: served, runtimeVersion, isRunning: true });
    }),
    check("network", "broker", async () => {
      const broker = await checkBroker(config, options.environment.AURORA_MQTT_PASSWORD);
      client = broker.client;
      return broker.results;
    }),
    check("network", "collector", async () => {
      if (client === null) return [skipped("collector", "the broker comes first")];
      try {
        return await checkCollector(config, client);
      } finally {
        await client.close();
      }
    }),
    ...(url === null || !config.updates.enabled
      ? []
      : [check("network", "update server", () => checkUpdateServer(url, config.updates.caFile))]),
    {
      group: "devices",
      name: "lines",
      timeoutMs: limitLines(config),
      run: () => checkLines(config, { isRunning: runs }),
    },
    check("devices", "gateway", async () => checkRunning(config, runs === true ? found.page : null)),
  ];
}
