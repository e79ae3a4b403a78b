import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import {
  maxScadaPayload,
  parseScadaPayload,
  type ScadaMapping,
} from "../../../src/core/ingest/parse-scada-payload.ts";

const mapping: ScadaMapping = {
  deviceId: "t01",
  timePath: "meta.time",
  channels: [
    { name: "power", path: "values.power", unit: "kW" },
    { name: "oil", path: "/values/temps/1", unit: "degC" },
    { name: "odd", path: "/a~1b~0c", unit: "rpm" },
  ],
};
const arrivalMs = 1_700_000_000_500;
const arrival = { arrivedMs: arrivalMs, arrivedMonotonicMs: 17 };

function parse(document: unknown, change: Partial<ScadaMapping> = {}): ReturnType<typeof parseScadaPayload> {
  return parseScadaPayload(JSON.stringify(document), { ...mapping, ...change }, arrival);
}

describe("a SCADA payload", () => {
  it("is read along dotted paths and JSON pointers", () => {
    const document = {
      meta: { time: 1_700_000_000_000 },
      values: { power: 1500.5, temps: [1, 61] },
      "a/b~c": 14,
    };
    const parsed = parse(document);
    expect(parsed.ok && parsed.value.quarantined).toEqual([]);
    expect(parsed.ok && parsed.value.readings).toEqual([
      {
        deviceId: "t01",
        channel: "power",
        unit: "kW",
        timestampMs: 1_700_000_000_000,
        value: 1500.5,
        ...arrival,
      },
      {
        deviceId: "t01",
        channel: "oil",
        unit: "degC",
        timestampMs: 1_700_000_000_000,
        value: 61,
        ...arrival,
      },
      { deviceId: "t01", channel: "odd", unit: "rpm", timestampMs: 1_700_000_000_000, value: 14, ...arrival },
    ]);
    const bytes = parseScadaPayload(new TextEncoder().encode(JSON.stringify(document)), mapping, arrival);
    expect(bytes).toEqual(parsed);
  });

  it("may state its time in epoch ms, epoch s or RFC 3339, or leave it to the arrival", () => {
    for (const time of [
      1_700_000_000_000,
      1_700_000_000,
      "2023-11-14T22:13:20Z",
      "2023-11-14T23:13:20.000+01:00",
    ]) {
      const parsed = parse({ meta: { time }, values: { power: 1 } });
      expect(parsed.ok && parsed.value.readings[0]!.timestampMs).toBe(1_700_000_000_000);
    }
    const parsed = parse({ values: { power: 1 } }, { timePath: null });
    expect(parsed.ok && parsed.value.readings[0]!.timestampMs).toBe(arrivalMs);
  });

  it("is refused with a time in microseconds or nanoseconds, and asked whether it is", () => {
    for (const time of [1_700_000_000_000_000, 1_700_000_000_000_000_000]) {
      expect(parse({ meta: { time }, values: { power: 1 } })).toMatchObject({
        ok: false,
        error: { reason: "malformed", detail: expect.stringMatching(/^time in µs or ns\?/) },
      });
    }
  });

  it("says by a mark of its own whether a value is good, and what it does not call so is missing", () => {
    const parseMarked = (mark: unknown) => {
      const good = { path: "values.q", is: [true, 192, "GOOD"] };
      const channels = [
        { name: "power", path: "values.power", unit: "kW", good },
        { name: "wind", path: "values.wind", unit: "m/s" },
      ];
      const parsed = parse({ values: { power: 1, wind: 8, q: mark } }, { timePath: null, channels });
      if (!parsed.ok) throw new Error(parsed.error.detail);
      const { readings, quarantined } = parsed.value;
      return [
        readings.map(({ channel }) => channel),
        quarantined.map(({ reason, detail }) => [reason, detail]),
      ];
    };
    for (const mark of [true, 192, "GOOD"]) expect(parseMarked(mark)).toEqual([["power", "wind"], []]);
    for (const [mark, said] of [
      [false, "false"],
      ["BAD\n", '"BAD\\n"'],
      ["192", '"192"'],
      [1, "1"],
      [undefined, "nothing"],
      [null, "null"],
      // Names of its own must not be taken for a function.
      [{ toString: "x" }, "an object or list"],
      [[192], "an object or list"],
    ]) {
      const detail = `${said} at "values.q", which does not say that the value is good`;
      expect(parseMarked(mark)).toEqual([["wind"], [["missing-value", detail]]]);
    }
  });

  it("is refused without the time that is mapped, or with a local one", () => {
    for (const time of [undefined, null, "yesterday", "2023-11-14T22:13:20", -5, {}]) {
      expect(parse({ meta: { time }, values: { power: 1 } })).toMatchObject({
        ok: false,
        error: { reason: "malformed" },
      });
    }
  });

  it("says which values are missing or no numbers, and keeps the others", () => {
    const parsed = parse({
      meta: { time: 1_700_000_000 },
      values: { power: "1.500,0", temps: [1, null] },
      "a/b~c": 3,
    });
    expect(parsed.ok && parsed.value.readings.map(({ channel }) => channel)).toEqual(["odd"]);
    expect(parsed.ok && parsed.value.quarantined.map(({ channel, reason }) => [channel, reason])).toEqual([
      ["power", "malformed"],
      ["oil", "missing-value"],
    ]);
  });

  it("holds no value where a number is beyond what a machine can hold", () => {
    const values = (power: string) =>
      `{"meta":{"time":1700000000},"values":{"power":${power},"temps":[1,2]}}`;
    for (const power of ["1e999", "-1e999", '"1e999"']) {
      const parsed = parseScadaPayload(values(power), mapping, arrival);
      expect(parsed.ok && parsed.value.readings.map(({ channel }) => channel)).toEqual(["oil"]);
      expect(parsed.ok && parsed.value.quarantined[0]).toMatchObject({
        channel: "power",
        reason: "not-finite",
        detail: 'a number too large for a machine at "values.power"',
      });
    }
  });

  it("may write a number in quotes as JSON does without them, in no other way, and its time not at all", () => {
    const read = (power: unknown): unknown => {
      const parsed = parse({ meta: { time: 1_700_000_000 }, values: { power } });
      return parsed.ok ? parsed.value.readings.map(({ value }) => value)[0] : parsed.error;
    };
    for (const text of ["1500", "-0.5", "1e3", "0", "51.20"]) expect(read(text)).toBe(Number(text));
    for (const text of [
      "",
      " 1",
      "1 ",
      "1\n",
      "+1",
      "01",
      ".5",
      "5.",
      "1,5",
      "1 500",
      "0x10",
      "NaN",
      "Infinity",
      "1500 kW",
    ])
      expect(read(text)).toBeUndefined();
    // It may be a date as well.
    expect(parse({ meta: { time: "20231114" }, values: { power: 1 } }).ok).toBe(false);
  });

  it("is read as the page for other programs says", () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../../src/INTERFACES.md"), "utf8");
    const [, message, yaml] = /```json\n(.*?)```\s*```yaml\n(.*?)```/s.exec(page)!;
    const { scada } = gatewayConfigSchema().parse({
      gateway: { id: "gw", site: "north" },
      turbines: [{ id: "WT01" }],
      ...parseYaml(yaml!),
    });
    const { turbine, timePath, channels } = scada[0]!;
    const parsed = parseScadaPayload(message!, { deviceId: turbine, timePath, channels }, arrival);
    const timestampMs = Date.UTC(2026, 2, 1, 11, 0, 10);
    expect(parsed.ok && parsed.value).toMatchObject({
      readings: [
        { channel: "shaft-speed", value: 1498.5, timestampMs },
        { channel: "power", value: 910.2, timestampMs },
      ],
      quarantined: [],
    });
  });

  it("holds no value where it is a number by which the bridge says so", () => {
    const channels = [
      { name: "shaft-speed", path: "values.rpm", unit: "rpm", invalid: [65_535, 6553.5] },
      { name: "power", path: "values.P", unit: "kW" },
    ];
    const say = (rpm: unknown) =>
      parse({ meta: { time: 1_700_000_000 }, values: { rpm, P: 65_535 } }, { channels });
    for (const rpm of [65_535, 6553.5, "6553.5"]) {
      const parsed = say(rpm);
      expect(parsed.ok && parsed.value).toMatchObject({
        readings: [{ channel: "power" }],
        quarantined: [{ reason: "missing-value", channel: "shaft-speed" }],
      });
    }
    const parsed = say(6553);
    expect(parsed.ok && parsed.value.readings).toHaveLength(2);
  });

  it("never reaches into prototypes", () => {
    const channels = [
      { name: "a", path: "constructor.length", unit: "" },
      { name: "b", path: "__proto__.x", unit: "" },
      { name: "c", path: "/values/length", unit: "" },
    ];
    const parsed = parse({ meta: { time: 1_700_000_000 }, values: "text" }, { channels });
    expect(parsed.ok && parsed.value.readings).toEqual([]);
  });

  it("is refused when it is too large, no JSON, no UTF-8 or no object", () => {
    const payloads: (string | Uint8Array)[] = [
      `"${"x".repeat(maxScadaPayload)}"`,
      new Uint8Array(100_000_000),
      "{",
      "",
      "7",
      "null",
      Uint8Array.of(0x22, 0xff, 0x22),
      "[".repeat(60_000),
    ];
    for (const payload of payloads) {
      expect(parseScadaPayload(payload, mapping, arrival)).toMatchObject({
        ok: false,
        error: { reason: "malformed" },
      });
    }
  });

  it("never throws, whatever it holds", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), fc.uint8Array()), (payload) => {
        parseScadaPayload(payload, { ...mapping, timePath: null }, arrival);
      }),
    );
  });
});
