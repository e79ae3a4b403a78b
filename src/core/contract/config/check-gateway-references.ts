/** What the parts of a gateway's configuration say of each other: ids that stand once, and names that are known. */
import type { z } from "zod";
import { isTopicFilter } from "../topics.ts";
import { type ConfigFinding, findNearest, formatKeyPath, type KeyPath } from "./config-finding.ts";
import { addressOf, isPort } from "./config-parts.ts";
import type { GatewayConfig } from "./gateway-config.ts";
import { joinFieldBuses, listMappedChannels } from "./mapped-channels.ts";
import { checkModbus } from "./modbus-config.ts";
import { checkOpcUa } from "./opcua-config.ts";

/**
 * Adds an issue for every id, port and sensor that stands twice, every device or turbine that is not there, a period of
 * drift that is shorter than an interval, half a client certificate, updates without a source, and a native engine in the small
 * profile.
 */
export function checkGatewayReferences(config: GatewayConfig, context: z.RefinementCtx): void {
  const findings = [
    ...checkDevices(config),
    ...checkTurbines(config),
    ...checkMappedChannels(config),
    ...joinFieldBuses({ modbus: checkModbus(config.modbus), opcua: checkOpcUa(config.opcua) }),
    ...checkTopics(config),
    ...checkRest(config),
  ];
  for (const { path, problem, write } of findings) {
    context.addIssue({ code: "custom", path: [...path], message: problem, params: { write } });
  }
}

/** Says of what stands twice where it stood first. */
function createOnce(): (what: string, key: string, path: KeyPath) => ConfigFinding[] {
  const seen = new Map<string, KeyPath>();
  return (what, key, path) => {
    const first = seen.get(key);
    if (first === undefined) seen.set(key, path);
    return first === undefined
      ? []
      : [{ path, problem: `${what} stands twice, first at ${formatKeyPath(first)}` }];
  };
}

function checkDevices({ devices }: GatewayConfig): ConfigFinding[] {
  const once = createOnce();
  return devices.flatMap(({ id, connect }, index) => {
    const path = ["devices", index, "connect"];
    const port = /^tcp:.*:(\d+)$/.exec(connect)?.[1];
    const write = "give every device a line or port of its own";
    return [
      ...once(`"${id}"`, `id ${id}`, ["devices", index, "id"]),
      ...(connect === "mqtt" ? [] : once(`"${connect}"`, `connect ${addressOf(connect)}`, path)).map(
        (finding) => ({
          ...finding,
          write,
        }),
      ),
      ...(port === undefined || isPort(port)
        ? []
        : [{ path, problem: "the port must be a number from 1 to 65535" }]),
    ];
  });
}

function checkTurbines({ devices, turbines }: GatewayConfig): ConfigFinding[] {
  const ids = devices.map(({ id }) => id);
  const once = createOnce();
  return turbines.flatMap((turbine, index) => {
    const components = createOnce();
    return [
      ...once(`"${turbine.id}"`, turbine.id, ["turbines", index, "id"]),
      ...turbine.points.flatMap((point, at) => {
        const path = ["turbines", index, "points", at];
        const known = ids.includes(point.device);
        return [
          ...(known ? [] : [noSuch("device", { name: point.device, names: ids, path: [...path, "device"] })]),
          ...components(`"${point.component}"`, point.component, [...path, "component"]),
          ...checkSensor({ turbines }, path, [index, at]),
          ...checkSpeedRatio(point, devices, path),
        ];
      }),
    ];
  });
}

/** A device that scores windows itself cuts them by the speed that it measures: no other shaft's. */
function checkSpeedRatio(
  {
    device,
    speedRatio = 1,
  }: Pick<GatewayConfig["turbines"][number]["points"][number], "device" | "speedRatio">,
  devices: GatewayConfig["devices"],
  path: KeyPath,
): ConfigFinding[] {
  const mode = devices.find(({ id }) => id === device)?.mode ?? "raw";
  if (mode === "raw" || speedRatio === 1) return [];
  const problem = `"${device}" scores by the speed that it measures itself (mode ${mode}), and knows no ratio`;
  const write = "write mode: raw for that device, or have it measure the bearing's own shaft";
  return [{ path: [...path, "speedRatio"], problem, write }];
}

/**
 * One sensor may hear two bearings of a machine, each with its own frequencies: it does not hear two machines, and the same
 * bearing twice is a slip of the copying hand.
 */
function checkSensor(
  { turbines }: Pick<GatewayConfig, "turbines">,
  path: KeyPath,
  [index, at]: readonly [number, number],
): ConfigFinding[] {
  const point = turbines[index]!.points[at]!;
  for (const [otherIndex, other] of turbines.entries()) {
    for (const [otherAt, twin] of other.points.entries()) {
      if (otherIndex > index || (otherIndex === index && otherAt >= at)) return [];
      if (twin.device !== point.device || twin.channel !== point.channel) continue;
      const isSameBearing =
        twin.bundle === point.bundle && JSON.stringify(twin.bearing) === JSON.stringify(point.bearing);
      if (otherIndex === index && !isSameBearing) continue;
      const first = formatKeyPath(["turbines", otherIndex, "points", otherAt]);
      const problem = `channel "${point.channel}" of device "${point.device}" stands twice, first at ${first}`;
      return [
        { path: [...path, "channel"], problem, write: "write the channel that this point's sensor is on" },
      ];
    }
  }
  return [];
}

function checkMappedChannels(config: GatewayConfig): ConfigFinding[] {
  const ids = config.turbines.map(({ id }) => id);
  const once = createOnce();
  return listMappedChannels(config).flatMap(({ turbine, channels, path }) => [
    ...(ids.includes(turbine)
      ? []
      : [noSuch("turbine", { name: turbine, names: ids, path: [...path, "turbine"] })]),
    ...channels.flatMap(({ name }, at) =>
      once(`channel "${name}" of turbine "${turbine}"`, `${turbine}/${name}`, [
        ...path,
        "channels",
        at,
        "name",
      ]),
    ),
  ]);
}

function checkTopics({ scada }: GatewayConfig): ConfigFinding[] {
  return scada.flatMap(({ topic }, index) => {
    if (isTopicFilter(topic)) return [];
    const write = "write + or # between slashes, and # at the end alone";
    return [{ path: ["scada", index, "topic"], problem: "this is no filter of topics", write }];
  });
}

function checkRest({ bundles, drift, gateway, mqtt, updates }: GatewayConfig): ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  const { intervalSeconds, periodSeconds } = drift;
  if (periodSeconds < intervalSeconds) {
    const problem = `${periodSeconds} s are less than an interval of ${intervalSeconds} s`;
    findings.push({ path: ["drift", "periodSeconds"], problem });
  }
  if (updates.enabled && (updates.url === null || updates.rootFile === null)) {
    findings.push({ path: ["updates"], problem: "updates need url and rootFile" });
  }
  if (updates.caFile !== null && updates.url?.startsWith("http://") === true) {
    const problem = "no authority is asked for over http://, which is not encrypted";
    findings.push({
      path: ["updates", "caFile"],
      problem,
      write: "write https:// in updates.url, or leave it out",
    });
  }
  if ((mqtt.certFile === null) !== (mqtt.keyFile === null)) {
    const [given, missing] = mqtt.certFile === null ? ["keyFile", "certFile"] : ["certFile", "keyFile"];
    const problem = "a client certificate needs its key, and a key its certificate";
    findings.push({ path: ["mqtt", given], problem, write: `write ${missing} as well` });
  }
  if (gateway.profile === "small" && bundles.engine === "onnx") {
    const problem = "onnx is a native engine, and the small profile loads none";
    findings.push({
      path: ["bundles", "engine"],
      problem,
      write: "write integer, or take the standard profile (gateway.profile, --profile)",
    });
  }
  if (gateway.profile === "small" && (gateway.workers ?? 0) > 0) {
    const problem = "the small profile has no workers: each takes memory of its own";
    findings.push({
      path: ["gateway", "workers"],
      problem,
      write: "write 0, or take the standard profile (gateway.profile, --profile)",
    });
  }
  return findings;
}

/** `no device "mcu-9" (known: mcu-1)`. */
function noSuch(
  what: string,
  { name, names, path }: { readonly name: string; readonly names: readonly string[]; readonly path: KeyPath },
): ConfigFinding {
  const maxNames = 20;
  const listed = names.slice(0, maxNames).join(", ") || "none";
  const known = names.length > maxNames ? `${listed}, …` : listed;
  const nearest = findNearest(name, names);
  return {
    path,
    problem: `no ${what} "${name}" (known: ${known})`,
    ...(nearest === undefined ? {} : { write: `did you mean "${nearest}"?` }),
  };
}
