/**
 * What a gateway's configuration may say and probably does not mean: turbines that nothing watches, two points on one sensor,
 * doors that stand open, haste. Nothing of it keeps a gateway from starting.
 */
import { type ConfigFinding, formatKeyPath, type KeyPath } from "../contract/config/config-finding.ts";
import type { GatewayConfig } from "../contract/config/gateway-config.ts";
import { joinFieldBuses, listFieldBuses, listMappedChannels } from "../contract/config/mapped-channels.ts";
import { warnOfModbus } from "../contract/config/modbus-config.ts";
import { warnOfOpcUa } from "../contract/config/opcua-config.ts";
import { maxCaptureSeconds } from "../contract/device/device-capture.ts";
import { earliestClockMs } from "../contract/iso-time.ts";
import { createTopics } from "../contract/topics.ts";
import { dayMs } from "../maths/durations.ts";
import { isNear, warnOfBroker, warnOfPlace, warnOfPort } from "../platform/daemon/config-warnings.ts";
import { topicMatches } from "../platform/mqtt/mqtt-topic.ts";
import { warnOfBearing } from "./bearing-warnings.ts";
import { warnOfWholeTurns } from "./geared-warnings.ts";

/** Of a gateway, in the order of its file's parts. */
export function warnOfGateway(
  config: GatewayConfig,
  {
    hasPassword,
    nowMs,
  }: {
    /** The environment names one. */
    readonly hasPassword: boolean;
    /** Epoch. */
    readonly nowMs: number;
  },
): readonly ConfigFinding[] {
  const { gateway, mqtt } = config;
  const open = isNear(gateway.httpHost)
    ? []
    : [
        {
          path: ["gateway", "httpHost"],
          value: gateway.httpHost,
          problem:
            "whoever reaches this address reads health, metrics and state, unencrypted and without a login",
          write: "write 127.0.0.1, or let a firewall admit only those who should",
        },
      ];
  return [
    ...open,
    ...warnOfPort(["gateway", "httpPort"], gateway.httpPort),
    ...warnOfPlace(["gateway", "stateDir"], gateway.stateDir),
    ...warnOfBroker(mqtt),
    ...warnOfNoPassword(mqtt, hasPassword),
    ...warnOfIdleDevices(config),
    ...warnOfSharedDevices(config),
    ...config.turbines.flatMap((turbine, index) => warnOfTurbine(turbine, index)),
    ...warnOfRepairs(config, nowMs),
    ...warnOfStandby(config),
    ...warnOfOneSpeed(config),
    ...warnOfBriefEvidence(config),
    ...warnOfHaste(config),
    ...warnOfScorers(config),
    ...warnOfTopics(config),
    ...joinFieldBuses<ConfigFinding>({
      modbus: warnOfModbus(config.modbus),
      opcua: warnOfOpcUa(config.opcua),
    }),
    ...warnOfPauses(config),
  ];
}

function warnOfNoPassword(
  { username, passwordFile, certFile }: GatewayConfig["mqtt"],
  hasPassword: boolean,
): readonly ConfigFinding[] {
  if (username === null || passwordFile !== null || certFile !== null || hasPassword) return [];
  const problem = "this user has no password";
  const write = "write passwordFile as well, or set AURORA_MQTT_PASSWORD where the gateway starts";
  return [{ path: ["mqtt", "username"], problem, write }];
}

/** A speed that is assumed is always the same. */
function warnOfStandby({ turbines, operation }: GatewayConfig): readonly ConfigFinding[] {
  const { standbyBelowRpm } = operation;
  return turbines.flatMap(({ points }, index) =>
    points.flatMap(({ shaftRpm, speedRatio = 1 }, at) => {
      if (shaftRpm === null || shaftRpm >= standbyBelowRpm * speedRatio) return [];
      const path = ["turbines", index, "points", at, "shaftRpm"];
      const problem = `below ${standbyBelowRpm} rpm (operation.standbyBelowRpm) a turbine stands by, and nothing of it is decided`;
      const write = "write revolutions a minute, or a lower operation.standbyBelowRpm";
      return [{ path, problem, write }];
    }),
  );
}

/** Which of a turbine's shafts a component sits on, by the words of its name; null: they do not say. */
function findShaft(component: string): "slow" | "fast" | null {
  const words = component.toLowerCase().split(/[-_.]/);
  const has = (...any: readonly string[]): boolean => any.some((word) => words.includes(word));
  if (has("generator", "hss") || (has("high") && has("speed"))) return "fast";
  const isMain = has("main", "rotor") && has("bearing", "shaft");
  return isMain || has("lss") || (has("low") && has("speed")) ? "slow" : null;
}

/** A turbine has one mapped speed, of one shaft; who states a ratio knows of the other. */
function warnOfOneSpeed(config: GatewayConfig): readonly ConfigFinding[] {
  const edge = config.devices.filter(({ mode }) => mode === "edge").map(({ id }) => id);
  const mapped = listMappedChannels(config).flatMap(({ turbine, channels }) =>
    channels.some(({ name }) => name === "shaft-speed") ? [turbine] : [],
  );
  return config.turbines.flatMap(({ id, points }, index): ConfigFinding[] => {
    if (!mapped.includes(id)) return [];
    const told = points.flatMap((point, at) =>
      edge.includes(point.device) || point.speedRatio !== undefined ? [] : [{ ...point, at }],
    );
    const [slow, fast] = (["slow", "fast"] as const).map((shaft) =>
      told.find(({ component }) => findShaft(component) === shaft),
    );
    if (slow === undefined || fast === undefined) return [];
    const path = ["turbines", index, "points", Math.max(slow.at, fast.at), "component"];
    const problem = `${slow.component} and ${fast.component} sit on shafts of two speeds, and the one that is mapped of "${id}" counts for each whose device says none`;
    const write =
      "write speedRatio at the one whose shaft's speed is not the mapped one (its turns in one of that shaft's); nothing to do where its device sends its own shaft's speed";
    return [{ path, problem, write }];
  });
}

/** In fewer revolutions most lines of a fault are too wide to be told from the shaft's. */
const fewestRevolutions = 20;

/** Raw samples of a shaft so slow that nobody can review the longest of them. */
function warnOfBriefEvidence({ operation, evidence, turbines }: GatewayConfig): readonly ConfigFinding[] {
  const rpm = operation.standbyBelowRpm;
  const leastRpm = (fewestRevolutions * 60) / maxCaptureSeconds;
  const isAllowed = evidence.allow.some((kind) => kind !== "request");
  const maybeSlow = turbines.some(({ points }) =>
    points.some(
      ({ component, shaftRpm }) => !((shaftRpm ?? 0) >= leastRpm || findShaft(component) === "fast"),
    ),
  );
  if (!isAllowed || rpm <= 0 || rpm >= leastRpm || !maybeSlow) return [];
  const turns = Number(((maxCaptureSeconds * rpm) / 60).toPrecision(2));
  const problem = `at ${rpm} rpm, from which on is decided (operation.standbyBelowRpm), the longest samples of ${maxCaptureSeconds} s are ${turns} revolutions: below ${fewestRevolutions}, at ${leastRpm} rpm, too few to review a fault by`;
  const write = "record minutes of such a shaft by other means; nothing to do where all turn faster";
  return [{ path: ["evidence", "allow"], problem, write }];
}

/** Of the time for which a value counts: the answer to a look that comes later takes its time. */
const longestPause = 0.9;

/** One false alarm a month for each turbine: who gets more soon looks at none. */
const mostFalsePerYear = 12;
/** In less time no turbine has been through calm, gusts and its ways of running; a demonstration's may have to do. */
const fewestHours = 1;
const daysOfYear = 365.25;

/** What allows more alarms than anybody looks at, or a reference that has seen next to nothing. */
function warnOfHaste({ alarms, commissioning }: GatewayConfig): readonly ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  const { falsePerTurbineYear } = alarms;
  if (falsePerTurbineYear > mostFalsePerYear) {
    const perDay = falsePerTurbineYear / daysOfYear;
    const often =
      perDay >= 1
        ? `about ${perDay.toFixed(1)} false alarms a day`
        : `about one false alarm every ${Math.round(1 / perDay)} days`;
    const problem = `${often} for each turbine are allowed by it: true ones are not seen among them`;
    const write = `write at most ${mostFalsePerYear}; 0.1 is usual, one in ten years`;
    findings.push({ path: ["alarms", "falsePerTurbineYear"], problem, write });
  }
  const { minHours, minWindows } = commissioning;
  if (minHours < fewestHours) {
    const problem = `a healthy reference of ${minWindows} windows and less than an hour has not seen wind and load change, which are alarms later`;
    const write = "write 24, or more; less than 1 only for a demonstration";
    findings.push({ path: ["commissioning", "minHours"], problem, write });
  }
  return findings;
}

/** A device that infers needs a model, and the speed of its shaft from its own tachometer. */
function warnOfScorers({ devices, turbines }: GatewayConfig): readonly ConfigFinding[] {
  const edge = devices.filter(({ mode }) => mode === "edge").map(({ id }) => id);
  const keyless = devices.flatMap(({ mode, keyFile }, index): ConfigFinding[] => {
    if (mode !== "edge" || keyFile !== null) return [];
    const problem =
      "without a keyFile no model is pushed: it scores nothing but by one that it was flashed with";
    const write = "write keyFile, or mode: raw";
    return [{ path: ["devices", index, "mode"], problem, write }];
  });
  const stated = turbines.flatMap(({ points }, index) =>
    points.flatMap(({ device, shaftRpm }, at): ConfigFinding[] => {
      if (shaftRpm === null || !edge.includes(device)) return [];
      const path = ["turbines", index, "points", at, "shaftRpm"];
      const problem = `it is not used for scores of "${device}", which infers by its own tachometer alone (mode edge)`;
      return [{ path, problem, write: "leave it out, or write mode: raw where the device has none" }];
    }),
  );
  return [...keyless, ...stated];
}

function warnOfIdleDevices({ devices, turbines }: GatewayConfig): readonly ConfigFinding[] {
  const used = new Set(turbines.flatMap(({ points }) => points.map(({ device }) => device)));
  return devices.flatMap(({ id }, index) => {
    if (used.has(id)) return [];
    const path = ["devices", index, "id"];
    const write = "name it under device of a turbine's point, or leave it out";
    return [{ path, problem: `no point uses "${id}": nothing that it sends is watched`, write }];
  });
}

/** A speed among a device's readings is of no one machine that it sits on. */
function warnOfSharedDevices({ devices, turbines }: GatewayConfig): readonly ConfigFinding[] {
  return devices.flatMap(({ id }, index): ConfigFinding[] => {
    const own = turbines.filter(({ points }) => points.some(({ device }) => device === id));
    if (own.length < 2) return [];
    const names = own.map((turbine) => turbine.id).join(", ");
    const problem = `"${id}" measures several turbines (${names}): a shaft speed among its readings is taken for each of them whose SCADA tells none, and nothing checks that it fits what is heard`;
    const write = "map the shaft speed of each turbine, unless all of them turn alike";
    return [{ path: ["devices", index, "id"], problem, write }];
  });
}

function warnOfTurbine(
  { id, points, scadaBundle }: GatewayConfig["turbines"][number],
  index: number,
): readonly ConfigFinding[] {
  const at: KeyPath = ["turbines", index];
  if (points.length === 0 && scadaBundle === null) {
    const write = "write its points, or its scadaBundle";
    return [{ path: [...at, "id"], problem: `nothing of turbine "${id}" is watched`, write }];
  }
  const first = new Map<string, KeyPath>();
  return points.flatMap(({ device, channel, bearing, gearedShafts = [] }, point) => {
    const path = [...at, "points", point];
    const findings: ConfigFinding[] = [];
    const sensor = JSON.stringify([device, channel]);
    const before = first.get(sensor);
    if (before === undefined) first.set(sensor, path);
    else {
      const problem = `channel "${channel}" of device "${device}" serves two points, first ${formatKeyPath(before)}`;
      const write = "right where one sensor hears both bearings; else write this point's own channel";
      findings.push({ path: [...path, "channel"], problem, write });
    }
    const odd = warnOfBearing(bearing);
    if (odd !== null) {
      findings.push({ path: [...path, "bearing", odd.name], problem: odd.problem, write: odd.write });
    }
    const whole = warnOfWholeTurns(gearedShafts);
    if (whole !== null) findings.push({ path: [...path, "gearedShafts"], ...whole });
    return findings;
  });
}

/** In whatever zone the data are, a day that begins later than one from now is still to come. */
function warnOfRepairs({ turbines }: GatewayConfig, nowMs: number): readonly ConfigFinding[] {
  return turbines.flatMap(({ repairs, scadaBundle }, index) => {
    const path = ["turbines", index, "repairs"];
    if (scadaBundle === null && repairs.length > 0) {
      const problem = "only SCADA values know of repairs, and this turbine has no scadaBundle";
      const write =
        "after a repair that vibration shows, run: aurora baseline renew TURBINE COMPONENT --reason TEXT";
      return [{ path, problem, write }];
    }
    // A clock that has not been set yet knows no day.
    if (nowMs < earliestClockMs) return [];
    return repairs.flatMap(({ date }, at) => {
      if (Date.parse(date) <= nowMs + dayMs) return [];
      const problem = "this day is still to come: until then the entry does nothing, and then it counts";
      return [{ path: [...path, at, "date"], problem, write: "write the day on which it failed" }];
    });
  });
}

/** Servers that are looked at so rarely that a shaft speed no longer counts when the next one comes. */
function warnOfPauses(config: GatewayConfig): readonly ConfigFinding[] {
  const { dataTimeoutSeconds } = config.operation;
  // A point that states its shaft speed asks nobody for it.
  const watched = config.turbines.flatMap(({ id, points }) =>
    points.some(({ shaftRpm }) => shaftRpm === null) ? [id] : [],
  );
  return listFieldBuses(config).flatMap(({ pausePath: path, pauseSeconds, mappings }): ConfigFinding[] => {
    const saysSpeed = mappings.some(
      ({ turbine, channels }) =>
        watched.includes(turbine) && channels.some(({ name }) => name === "shaft-speed"),
    );
    if (!saysSpeed || pauseSeconds < longestPause * dataTimeoutSeconds) return [];
    const problem = `a shaft speed counts for ${dataTimeoutSeconds} s (operation.dataTimeoutSeconds): where no tachometer says it, windows between two of these are set aside`;
    const write = `write ${Math.max(1, Math.floor(dataTimeoutSeconds / 6))}, or a longer operation.dataTimeoutSeconds`;
    return [{ path, problem, write }];
  });
}

function warnOfTopics({ scada, mqtt, gateway }: GatewayConfig): readonly ConfigFinding[] {
  const own = createTopics(mqtt.base).ack(gateway.id);
  return scada.flatMap(({ topic }, index) => {
    const problem = topicMatches(topic, own)
      ? "this is also what aurora itself sends: each such message is set aside as a bad value"
      : /[+#]/.test(topic)
        ? "values of every topic that matches are taken as this turbine's"
        : null;
    if (problem === null) return [];
    return [{ path: ["scada", index, "topic"], problem, write: "write the topic of this turbine alone" }];
  });
}
