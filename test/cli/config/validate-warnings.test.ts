import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";
import { type ConfigFolder, good, openConfigFolder } from "./config-folder.ts";

let { write } = {} as ConfigFolder;
beforeEach(() => {
  ({ write } = openConfigFolder());
});

test("a port of the other way, and a folder that is another one each time, are warnings", async () => {
  for (const [from, to, warning] of [
    ["127.0.0.1:1883", "broker:8883", /:5:8: mqtt\.url: 8883 is the usual port with TLS .*; write mqtts:/],
    ["mqtt://127.0.0.1", "mqtts://broker", /:5:8: mqtt\.url: 1883 is the usual port without TLS/],
    [
      "site: north",
      "site: north\n  stateDir: state",
      /:4:13: gateway\.stateDir: this is below whatever folder/,
    ],
  ] as const) {
    const { code, stderr } = await auroraHere("config", "validate", write(good.replace(from, to)));
    expect([code, stderr]).toEqual([0, expect.stringMatching(warning)]);
  }
});

test("a device that infers without a key or by a stated speed is a warning", async () => {
  const edge = good
    .replace("10.0.0.5:4000", "10.0.0.5:4000\n    mode: edge")
    .replace("        bearing", "        shaftRpm: 1500\n        bearing");
  const { code, stderr } = await auroraHere("config", "validate", write(edge));
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /devices\[0\]\.mode: without a keyFile no model is pushed.*; write keyFile, or mode: raw/,
  );
  expect(stderr).toMatch(
    /points\[0\]\.shaftRpm: it is not used for scores of "mcu-1".*; leave it out, or write mode: raw/,
  );
  const raw = await auroraHere("config", "validate", write(edge.replace("mode: edge", "mode: both")));
  expect(raw.stderr).not.toMatch(/keyFile|shaftRpm/);
});

test("a budget that drowns true alarms, and a reference of minutes, are warned of with what follows from them", async () => {
  const warningsOf = async (text: string): Promise<string> => {
    const { code, stderr } = await auroraHere("config", "validate", write(good + text));
    expect(code).toBe(0);
    return stderr;
  };
  const hasty = "alarms: { falsePerTurbineYear: 1000 }\ncommissioning: { minHours: 0 }\n";
  const said = await warningsOf(hasty);
  expect(said).toMatch(
    /alarms\.falsePerTurbineYear: about 2\.7 false alarms a day for each turbine are allowed.*; write at most 12/,
  );
  expect(said).toMatch(
    /commissioning\.minHours: .* 128 windows and less than an hour has not seen wind and load/,
  );
  expect(await warningsOf("alarms: { falsePerTurbineYear: 52 }\n")).toMatch(/one false alarm every 7 days/);
  const usual = "alarms: { falsePerTurbineYear: 12 }\ncommissioning: { minHours: 1 }\n";
  expect(await warningsOf(usual)).not.toMatch(/alarms|commissioning/);
});

test("what is allowed and probably not meant is a warning, which keeps no gateway from starting", async () => {
  const bearing = "bearing: { bpfo: 3.58, bpfi: 5.42, bsf: 2.357, ftf: 0.398 }";
  const point = `      - { component: gearbox, device: mcu-1, channel: accel-de, shaftRpm: 30, ${bearing} }\n`;
  const mapped = "channels: [{name: shaft-speed, path: a, unit: rpm}]";
  const path = write(
    `${good.replace("site: north", "site: north\n  httpHost: 0.0.0.0").replace("mqtt://127.0.0.1:1883", "mqtt://b:1883\n  username: gw-1")}${point}  - id: WT02\nscada: [{topic: "#", turbine: WT02, ${mapped}}]\n`,
  );
  const { code, stdout, stderr } = await auroraHere("config", "validate", path);
  expect([code, stdout]).toEqual([0, `${path}: good, with 9 warnings\n`]);
  const warnings = stderr.trimEnd().replaceAll(`warning: ${path}:`, "").split("\n");
  for (const [index, expected] of [
    /^4:13: gateway\.httpHost: whoever reaches this address reads health.*\(it says "0\.0\.0\.0"\); write 127/,
    /^6:8: mqtt\.url: the password goes over the network unencrypted.*; write mqtts:/,
    /^7:13: mqtt\.username: this user has no password \(it says "gw-1"\); write passwordFile/,
    /^11:9: devices\[1\]\.id: no point uses "mcu-2": nothing that it sends is watched/,
    /^20:\d+: .*points\[1\]\.channel: channel "accel-de" of device "mcu-1" serves two points, first turbines\[0\]\.points\[0\]/,
    /^20:\d+: .*bsf 2\.357 is low for these races.*twice this is 4\.714/,
    /^20:\d+: .*points\[1\]\.shaftRpm: below 300 rpm .* a turbine stands by.*; write revolutions a minute/,
    /^21:9: turbines\[1\]\.id: nothing of turbine "WT02" is watched; write its points/,
    /^22:17: scada\[0\]\.topic: this is also what aurora itself sends/,
  ].entries()) {
    expect(warnings[index]).toMatch(expected);
  }
  const doctor = await auroraHere("doctor", "--config", path, "--json");
  const { results } = JSON.parse(doctor.stdout) as { results: { verdict: string; name: string }[] };
  const told = results.filter(({ name }) => name === "configuration").map(({ verdict }) => verdict);
  expect(told).toEqual(["good", ...Array.from({ length: 9 }, () => "warning")]);

  const collector = write(
    "collector: {httpHost: '::'}\nmqtt: {embedded: {host: 0.0.0.0}}\n",
    "collector.yaml",
  );
  const open = await auroraHere("config", "validate", collector, "collector");
  expect([open.code, open.stderr]).toEqual([
    0,
    expect.stringMatching(
      /:1:23: collector\.httpHost: .*TLS and a login before it, its name into httpNames\n.*:2:7: mqtt: no gateway may connect.*\n.*:2:25: mqtt\.embedded\.host: /,
    ),
  ]);
});

test("geared shafts that hide a fault, or say nothing, are warnings, of doctor as well", async () => {
  const stated = (turns: string): string =>
    write(good.replace("        bearing", `        gearedShafts: [${turns}]\n        bearing`));
  const said = async (turns: string): Promise<string> => {
    const { code, stderr } = await auroraHere("config", "validate", stated(turns));
    expect(code).toBe(0);
    return stderr;
  };
  expect(await said("4.9")).not.toMatch(/gearedShafts/);
  expect(await said("4,765")).toMatch(
    /warning: .*:17:\d+: .*points\[0\]\.gearedShafts: 4 and 765 turns make lines where .*; write a decimal with a point \(4\.765,/,
  );
  expect(await said("5.4")).toMatch(
    /warning: .*points\[0\]\.gearedShafts: a fault of the inner race \(order 5\.42\) lies on 1× a shaft of 5\.4 turns/,
  );
  const doctor = await auroraHere("doctor", "--config", stated("5.4"), "--json");
  expect(doctor.stdout).toMatch(/gearedShafts: a fault of the inner race/);
});

test("a bearing whose races lie on the shaft's harmonics, or slip there, is a warning, of doctor as well, once", async () => {
  const stated = (bearing: string): string =>
    write(good.replace(/bearing: \{.*\}/, `bearing: { ${bearing} }`));
  const near = "bpfo: 13.9942, bpfi: 16.0058, bsf: 7.3, ftf: 0.4665";
  const { code, stderr } = await auroraHere("config", "validate", stated(near));
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /points\[0\]\.bearing\.bpfo: the outer race's line \(bpfo 13\.9942\) on 14× and the inner .*; look at its races by other means/,
  );
  const slipping = await auroraHere(
    "config",
    "validate",
    stated("bpfo: 3.0526, bpfi: 4.9474, bsf: 3.9853, ftf: 0.3816"),
  );
  expect(slipping.stderr).toMatch(/bearing\.bpfo: a cage that slips 1\.7 % moves the outer race's lines/);
  const inner = stated("bpfo: 13.95, bpfi: 16.01, bsf: 7.3, ftf: 0.4665");
  expect((await auroraHere("config", "validate", inner)).stderr).toMatch(
    /bearing\.bpfi: the inner race's line \(bpfi 16\.01\) on 16× /,
  );
  const doctor = await auroraHere("doctor", "--config", stated(near), "--json");
  expect(doctor.stdout.match(/bpfo 13\.9942/g)).toHaveLength(1);
});

test("a device of several turbines, whose readings are of none of them, is a warning", async () => {
  const other = `  - id: WT02
    points:
      - component: generator-bearing
        device: mcu-1
        channel: accel-nde
        bearing: { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 }
`;
  const { code, stderr } = await auroraHere("config", "validate", write(good + other));
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /warning: .*:7:9: devices\[0\]\.id: "mcu-1" measures several turbines \(WT01, WT02\): a shaft speed among its readings is taken for each of them whose SCADA tells none/,
  );
});

/** One more point of the turbine, on another device. */
const pointOf = (component: string): string => `      - component: ${component}
        device: mcu-2
        channel: accel-de
        bearing: { bpfo: 13.6, bpfi: 16.4, bsf: 7.3, ftf: 0.453 }
`;

test("one mapped speed for bearings of a slow and a fast shaft is a warning that says when it is right, unless one is scored by its own tachometer", async () => {
  const main = pointOf("main-bearing");
  const scada =
    "scada: [{topic: wt01, turbine: WT01, channels: [{name: shaft-speed, path: a, unit: rpm}]}]\n";
  const said = async (text: string): Promise<string> => {
    const { code, stderr } = await auroraHere("config", "validate", write(text));
    expect(code).toBe(0);
    return stderr;
  };
  expect(await said(good + main + scada)).toMatch(
    /points\[1\]\.component: main-bearing and generator-bearing sit on shafts of two speeds, and the one that is mapped of "WT01" counts for each whose device says none; write speedRatio at the one whose shaft's speed is not the mapped one/,
  );
  const twoSpeeds = /shafts of two speeds/;
  for (const slow of ["main_bearing", "rotor-bearing", "main.shaft", "low-speed-shaft"])
    expect(await said(good + pointOf(slow) + scada)).toMatch(twoSpeeds);
  for (const other of ["gearbox-main-pump", "gearbox-planet", "generator-rotor-bearing"])
    expect(await said(good + pointOf(other) + scada)).not.toMatch(twoSpeeds);
  const gearbox = good.replaceAll("generator-bearing", "hss_bearing");
  expect(await said(gearbox + pointOf("rotor-bearing") + scada)).toMatch(twoSpeeds);
  expect(await said(good + main)).not.toMatch(twoSpeeds);
  expect(await said(good + scada)).not.toMatch(twoSpeeds);
  const scored = good.replace("id: mcu-2\n", "id: mcu-2\n    mode: edge\n");
  expect(scored).not.toBe(good);
  expect(await said(scored + main + scada)).not.toMatch(twoSpeeds);
});

test("raw evidence of a shaft so slow that even the longest holds few revolutions is a warning", async () => {
  const said = async (...parts: readonly string[]): Promise<string> =>
    (await auroraHere("config", "validate", write(parts.join("")))).stderr;
  const main = pointOf("main-bearing");
  const slow = "operation: { standbyBelowRpm: 12 }\n";
  const evidence = "evidence: { allow: [alarm, reference] }\n";
  expect(await said(good, main, slow, evidence)).toMatch(
    /evidence\.allow: at 12 rpm, .* the longest samples of 40 s are 8 revolutions: below 20, at 30 rpm, too few to review a fault by; record minutes/,
  );
  for (const parts of [
    [main, slow],
    [main, slow, "evidence: { allow: [request] }\n"],
    [main, evidence],
    [main, "operation: { standbyBelowRpm: 30 }\n", evidence],
    [main.replace("device:", "shaftRpm: 1500\n        device:"), slow, evidence],
    [slow, evidence],
  ])
    expect(await said(good, ...parts)).not.toContain("evidence.allow");
});

test("a topic with a wildcard gives its turbine the values of all that match, which is a warning", async () => {
  const mapped = "channels: [{name: shaft-speed, path: a, unit: rpm}]";
  const topicsOf = async (topic: string): Promise<string> => {
    const scada = `scada: [{topic: "${topic}", turbine: WT01, ${mapped}}]\n`;
    const { code, stderr } = await auroraHere("config", "validate", write(good + scada));
    expect(code).toBe(0);
    return stderr;
  };
  for (const topic of ["scada/+/live", "scada/#"])
    expect(await topicsOf(topic)).toMatch(
      /scada\[0\]\.topic: values of every topic that matches are taken as this turbine's .*; write/,
    );
  expect(await topicsOf("scada/WT01/live")).not.toContain("scada[0]");
});

test("a name that HTTP is reached by stands alone, without scheme, port or star", async () => {
  for (const name of ["https://wind.example", "wind.example:8080", "*.wind.example", "wind.example.", ""]) {
    const path = write(`collector: { httpNames: [good.example, "${name}"] }\n`, "names.yaml");
    const { code, stderr } = await auroraHere("config", "validate", path, "collector");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/httpNames\[1\]: a name alone, such as/)]);
  }
});

test("a collector's setting that another one leaves without effect is named, with what to write", async () => {
  const folder = createTemporaryFolder();
  const validate = async (text: string): Promise<string> => {
    const path = join(folder, "collector.yaml");
    writeFileSync(path, text);
    const { code, stderr } = await auroraHere("config", "validate", path, "collector");
    expect(code).toBe(0);
    return stderr;
  };
  const gateways = "embedded: {gateways: [{id: gw, site: s, passwordFile: p}]}";
  writeFileSync(join(folder, "p"), "secret", { mode: 0o600 });
  const external = `mqtt: {url: 'mqtts://b:8883', ${gateways}}\n`.replace(": p}", `: ${join(folder, "p")}}`);
  expect(await validate(external)).toMatch(
    /mqtt\.embedded\.gateways: .*kept out by it; enrol .*enrolledFile/,
  );
  const unused = await validate(
    `mqtt: {username: u}\nrecord: {tls: true, passwordFile: ${join(folder, "p")}}\ningest: {workers: 4}\n`,
  );
  expect(unused).toMatch(/mqtt\.username: .*; write it under mqtt\.embedded/);
  expect(unused).toMatch(/record\.passwordFile: .*record\.tls: .*; write record\.kind: postgres/s);
  expect(unused).toMatch(/ingest\.workers: this collector has no workers: .*mqtt\.url/);
  const shared =
    "mqtt: {url: 'mqtts://b:8883'}\nrecord: {kind: postgres, url: 'postgres://a@h/d', tls: true}\n";
  expect(await validate(`${shared}ingest: {workers: 4}\n`)).not.toContain("warning");
});
