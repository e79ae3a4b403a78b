import { describe, expect, it } from "vitest";
import { z } from "zod";
import { collectorConfigSchema } from "../../../../src/core/contract/config/collector-config.ts";
import { gatewayConfigSchema } from "../../../../src/core/contract/config/gateway-config-schema.ts";
import { parseYamlConfig } from "../../../../src/core/platform/daemon/yaml-config.ts";

const minimal = `gateway:
  id: gw-1
  site: demo
turbines:
  - id: WT01
`;

function parse(text: string, environment: Record<string, string> = {}) {
  return parseYamlConfig(text, { path: "gateway.yaml", schema: gatewayConfigSchema(), environment });
}

describe("a YAML configuration", () => {
  it("fills in the defaults", () => {
    const config = parse(minimal);
    expect(config.mqtt.url).toBe("mqtt://127.0.0.1:1883");
    expect(config.drift.intervalSeconds).toBe(600);
  });

  it("names line, column and the key that was probably meant", () => {
    expect(() => parse(`${minimal}mqtt:\n  urll: mqtt://x\n`)).toThrow(
      /gateway\.yaml:7:3: mqtt\.urll: unknown key "urll"; did you mean "url"\?/,
    );
  });

  it("calls what is missing missing, and an empty file empty", () => {
    expect(() => parse("gateway:\n  id: gw-1\n")).toThrow(
      /gateway\.yaml:2:3: gateway\.site: this key is missing/,
    );
    expect(() => parse("# nothing yet\n")).toThrow(/gateway\.yaml:1:1: the file is empty/);
  });

  it("names the line of a wrong value", () => {
    expect(() => parse(minimal.replace("gw-1", "gw/1"))).toThrow(/gateway\.yaml:2:7: gateway\.id: /);
  });

  it("names the line of a reference to nothing", () => {
    const text = `${minimal}    points:
      - component: bearing
        device: mcu-9
        channel: accel
        bearing: { bpfo: 3.5, bpfi: 5.4, bsf: 4.7, ftf: 0.4 }
`;
    expect(() => parse(text)).toThrow(
      /gateway\.yaml:8:17: turbines\[0\]\.points\[0\]\.device: no device "mcu-9"/,
    );
  });

  it("says where the YAML itself is broken", () => {
    expect(() => parse("gateway: [")).toThrow(/gateway\.yaml:\d+:\d+: not valid YAML/);
  });

  it("says so where a variable's key cannot be put", () => {
    for (const text of ["hello", "gateway: hello\nturbines: []\n"]) {
      expect(() => parse(text, { AURORA_GATEWAY__ID: "gw-1" })).toThrow(
        /AURORA_GATEWAY__ID: .* is not a mapping of keys/,
      );
    }
  });

  it("complains of hopeless YAML a few times and not thousands", () => {
    const complaints = (): string => {
      try {
        parse(`gateway: ${"[".repeat(20_000)}`);
        return "";
      } catch (error) {
        return String(error);
      }
    };
    expect(complaints().split("\n").length).toBeLessThan(20);
  });

  it("takes any key from the environment", () => {
    const config = parse(minimal, {
      AURORA_MQTT__PASSWORD_FILE: "/run/secret",
      AURORA_TURBINES__0__ID: "WT77",
      AURORA_GATEWAY__ID: "007",
      AURORA_GATEWAY__HTTP_PORT: "0",
      AURORA_DATA: "/elsewhere",
    });
    expect(config.mqtt.passwordFile).toBe("/run/secret");
    expect(config.turbines[0]?.id).toBe("WT77");
    expect(config.gateway.id).toBe("007");
    expect(config.gateway.httpPort).toBe(0);
  });

  it("takes a key at the top whose name has two words", () => {
    const days = (environment: Record<string, string>): number =>
      parseYamlConfig("log: {}\n", { path: "c.yaml", schema: collectorConfigSchema(), environment })
        .retentionDays;
    expect(days({ AURORA_RETENTION_DAYS: "12" })).toBe(12);
  });

  it("leaves other settings alone, as those of a container's platform", () => {
    for (const variable of ["DATA", "MQTT_PASSWORD", "GATEWAY_ID", "GATEWAY_HTTP_PORT", "LOG_LEVEL", ""])
      expect(parse(minimal, { [`AURORA_${variable}`]: "tcp://10.0.0.7:9617" })).toEqual(parse(minimal));
  });

  it("takes a text as it stands where only a text belongs", () => {
    const username = (text: string): unknown => parse(minimal, { AURORA_MQTT__USERNAME: text }).mqtt.username;
    const written = ["gw #1", "#1", "a: b", "[a]", "*x", "true", "007", "1e3", ' "gw #1" ', "'7'"];
    expect(written.map(username)).toEqual([
      "gw #1",
      "#1",
      "a: b",
      "[a]",
      "*x",
      "true",
      "007",
      "1e3",
      "gw #1",
      "7",
    ]);
    expect(["", "null", "~"].map(username)).toEqual([null, null, null]);
  });

  it("takes the keys of what may be left out as a whole", () => {
    const bucket = (text: string, environment: Record<string, string>): unknown =>
      parseYamlConfig(text, { path: "collector.yaml", schema: collectorConfigSchema(), environment }).evidence
        .s3;
    const keys = {
      AURORA_EVIDENCE__S3__ENDPOINT: "https://s3.example",
      AURORA_EVIDENCE__S3__BUCKET: "evidence",
      AURORA_EVIDENCE__S3__ACCESS_KEY_ID_FILE: "/run/id",
      AURORA_EVIDENCE__S3__SECRET_ACCESS_KEY_FILE: "/run/secret",
    };
    const expected = {
      endpoint: "https://s3.example",
      bucket: "evidence",
      secretAccessKeyFile: "/run/secret",
    };
    expect(bucket("evidence: { days: 30 }\n", keys)).toMatchObject(expected);
    expect(bucket("evidence: { days: 30 }\n", {})).toBeNull();
    expect(() => bucket("", { AURORA_EVIDENCE__S3__BUCKETS: "x" })).toThrow(/names no configuration key/);
  });

  it("refuses a variable that names no key, and names the variable of a wrong value", () => {
    expect(() => parse(minimal, { AURORA_MQTT__URLL: "x" })).toThrow(
      /AURORA_MQTT__URLL names no configuration key$/m,
    );
    expect(() => parse(minimal, { AURORA_GATEWAY__HTTPPORT: "8080" })).toThrow(
      /AURORA_GATEWAY__HTTPPORT names no configuration key; did you mean AURORA_GATEWAY__HTTP_PORT\?/,
    );
    // A key at the top is a key like any other; what is wrong within it is the variable's as well.
    const device = "{ id: mcu-7, connect: tcp://plc:4001 }";
    expect(parse(minimal, { AURORA_DEVICES: `[${device}]` }).devices).toMatchObject([{ id: "mcu-7" }]);
    expect(() => parse(minimal, { AURORA_DEVICES: `[${device.replace("connect", "conect")}]` })).toThrow(
      /environment AURORA_DEVICES: devices\[0\]\.conect: unknown key "conect"; did you mean "connect"/,
    );
    expect(() => parse(minimal, { AURORA_GATEWAY: "gw-7" })).toThrow(
      /environment AURORA_GATEWAY: gateway: must be a mapping of keys/,
    );
    expect(() => parse(minimal, { AURORA_MQTT__URL: "x" })).toThrow(
      /environment AURORA_MQTT__URL: mqtt\.url/,
    );
  });

  it("takes numbers that every reader takes alike, and refuses zeros in front", () => {
    const port = (written: string): unknown =>
      parse(minimal.replace("site: demo", `site: demo\n  httpPort: ${written}`)).gateway.httpPort;
    expect(["0x1F90", "8e3", "8080.0", "+8080", "0"].map(port)).toEqual([8080, 8000, 8080, 8080, 0]);
    for (const written of ["010000", "08", "00", "+080"]) {
      expect(() => port(written)).toThrow(/:4:13: gateway\.httpPort: a number has no zeros in front/);
      expect(() => parse(minimal, { AURORA_GATEWAY__HTTP_PORT: written })).toThrow(
        /AURORA_GATEWAY__HTTP_PORT: gateway\.httpPort: a number has no zeros in front/,
      );
    }
  });

  it("complains of zeros in front beside what else is wrong, in a list of numbers as well", () => {
    const text = `${minimal}drift: { intervalSeconds: 060 }\nlog: { level: loud }\n`;
    expect(() => parse(text)).toThrow(/:6:27: drift\.intervalSeconds: .*\n.*:7:15: log\.level/);
    const numbers = z.object({ list: z.array(z.object({ n: z.number() })) });
    expect(() =>
      parseYamlConfig("list: [{ n: 1 }, { n: 07 }]", { path: "f", schema: numbers, environment: {} }),
    ).toThrow(/f:1:23: list\[1\]\.n: .*write 7/);
  });

  it("survives an alias bomb, an empty file and a file of another kind", () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${["b", "c", "d", "e", "f"]
      .map((name, index) => `${name}: &${name} [${`*${"abcde"[index]},`.repeat(9)}]`)
      .join("\n")}`;
    expect(() => parse(bomb)).toThrow(/gateway\.yaml/);
    expect(() => parse("")).toThrow(/gateway\.yaml:1:1/);
    expect(() => parse("just text")).toThrow(/gateway\.yaml:1:1/);
  });
});
