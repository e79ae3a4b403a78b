import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasErrorCode } from "../../../../src/core/contract/aurora-error.ts";
import { capturePath } from "../../../../src/training/dataset/recordings/folder-files.ts";
import {
  parseRecordingsManifest,
  type RecordingsManifest,
} from "../../../../src/training/dataset/recordings/recordings-manifest.ts";

const parse = (text: string, path = "recordings.yaml"): RecordingsManifest =>
  parseRecordingsManifest(new TextEncoder().encode(text), path);

describe("a manifest of recordings", () => {
  it("says once what holds for all, names bearings, and lists the channels of a file", () => {
    const { entries, about } = parse(`
about: two rigs
fs: 25600
unit: g
bearings: { HSS: { balls: 9, ball_diameter: 7.94, pitch_diameter: 39.04 } }
recordings:
  - { file: a.wav, label: healthy, machine: t1, component: HSS, rpm: 1500 }
  - file: "t2/run*.csv"
    machine: t2
    rateHz: 12000
    bearing: HSS
    load: "{1} kW"
    channels: { DE: { label: ball, speed: rpm }, FE: { label: healthy, shared: DE } }
`);
    expect(about).toBe("two rigs");
    expect(
      entries.map(({ file, label, part, common }) => [
        file,
        label,
        part.channel,
        part.rateHz ?? common.rateHz,
        common.unit,
      ]),
    ).toEqual([
      ["a.wav", "healthy", undefined, 25_600, "g"],
      ["t2/run*.csv", "ball", "DE", 12_000, "g"],
      ["t2/run*.csv", "healthy", "FE", 12_000, "g"],
    ]);
    expect(entries[1]!.part.bearing!.bpfo).toBeCloseTo(3.585, 3);
    expect(entries[0]!.common.bearing).toEqual(entries[1]!.part.bearing);
    expect(entries[1]!.speed).toEqual({
      file: null,
      channel: "rpm",
      rateHz: null,
      scale: 1,
      unit: null,
      pulses: null,
    });
    expect(entries.map(({ shared }) => shared)).toEqual([null, null, "DE"]);
  });

  it("is a table as well, whose empty fields say nothing", () => {
    const { entries } = parse(
      "file,label,machine,rpm,rate_hz,balls,ball_diameter,pitch_diameter,load\na.csv,faulty,m1,1500,25600,9,7.94,39.04,\n",
      "recordings.csv",
    );
    expect(entries[0]).toMatchObject({
      file: "a.csv",
      label: "faulty",
      machine: "m1",
      load: null,
      learn: true,
    });
    expect(entries[0]!.part).toMatchObject({ shaftRpm: 1500, rateHz: 25_600 });
  });

  it.each([
    ["recordings: []", /lists no recordings/],
    [
      "recordings:\n  - { file: a.npy, machine: m }",
      /recordings\.yaml:2: says no label.*one of healthy, faulty, inner-race/,
    ],
    ["recordings:\n  - { file: a.npy, label: inner, machine: m }", /:2: label is "inner"/],
    ["recordings:\n  - { file: a.npy, label: ball }", /says no machine/],
    ["recordings:\n  - { label: ball, machine: m }", /names no file/],
    ["recordings:\n  - { file: a.npy, lable: ball, machine: m }", /nobody reads the key "lable"/],
    ["recordings:\n  - { file: a.npy, label: ball, machine: m, from: 10 }", /nobody reads the key "from"/],
    ["recordings:\n  - { file: ../a.npy, label: ball, machine: m }", /not a file in the recordings' folder/],
    [
      "recordings:\n  - { file: /etc/passwd, label: ball, machine: m }",
      /not a file in the recordings' folder/,
    ],
    [
      "recordings:\n  - { file: a.npy, label: ball, machine: m, rpm: -3 }",
      /rpm is -3, not a number of 0 or more/,
    ],
    [
      "recordings:\n  - { file: a.npy, label: ball, machine: m, bearing: { balls: 9 } }",
      /bearing: neither bpfo/,
    ],
    [
      "recordings:\n  - { file: a.npy, label: ball, machine: m, bearing: X }",
      /no bearing "X" \(bearings are none\)/,
    ],
    [
      "recordings:\n  - { file: a.npy, label: ball, machine: m, speed: { file: s.csv, rateHz: often } }",
      /rateHz is "often"/,
    ],
    ["recordings:\n  - { file: a.npy, label: ball, machine: m, learn: perhaps }", /learn is "perhaps"/],
    ["recordings: [\n", /recordings\.yaml:\d+:\d+: is neither YAML nor JSON/],
    ["recordings:\n  - a.npy", /:2: is not of the form/],
    [
      "splits: { x: [{ name: a }] }\nrecordings:\n  - { file: a, label: ball, machine: m }",
      /split a names no machines/,
    ],
  ])("says where and what is wrong in %j", (text, message) => {
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });

  it("takes an entry's own word in any spelling, and no two words for one thing", () => {
    const [entry] = parse(
      "{rateHz: 25600, rpm: 1500, recordings: [{file: a.npy, label: ball, machine: m, fs: 12000, shaft_rpm: 900}]}",
    ).entries;
    expect(entry!.part).toMatchObject({ rateHz: 12_000, shaftRpm: 900 });
    expect(() =>
      parse("{recordings: [{file: a.npy, label: ball, machine: m, rpm: 1500, shaft_rpm: 900}]}"),
    ).toThrow("shaftrpm is 900 and rpm 1500: they mean the same");
  });

  it("hears a bearing of the entry before that of its component, and that before the one of all", () => {
    const orders = (bpfo: number): string => `{ bpfo: ${bpfo}, bpfi: 5.4, bsf: 4.7 }`;
    const bpfoOf = (text: string): readonly (number | undefined)[] =>
      parse(text).entries.map(({ part, common }) => (part.bearing ?? common.bearing)?.bpfo);
    const common = `bearing: ${orders(3.1)}\nbearings: { HSS: ${orders(3.2)}, X: ${orders(3.3)} }\nrecordings:\n`;
    expect(
      bpfoOf(`${common}  - { file: a.npy, label: ball, machine: m }
  - { file: b.npy, label: ball, machine: m, component: HSS }
  - { file: c.npy, label: ball, machine: m, component: HSS, bearing: X }
  - { file: d.npy, label: ball, machine: m, component: HSS, bpfo: 3.4, bpfi: 5.4, bsf: 4.7 }
  - { file: e.npy, machine: m, component: HSS, channels: { 0: { label: ball, bearing: ${orders(3.5)} } } }
  - { file: f.npy, label: ball, machine: m, balls: 9, ball_diameter: 7.94, pitch_diameter: 39.04 }`),
    ).toEqual([3.1, 3.2, 3.3, 3.4, 3.5, expect.closeTo(3.585, 3)]);
    // A geometry of all may be completed by an entry.
    const geometry = "balls: 9\nball_diameter: 7.94\npitch_diameter: 39.04\nrecordings:\n";
    expect(bpfoOf(`${geometry}  - { file: a.npy, label: ball, machine: m, balls: 8 }`)[0]).toBeCloseTo(
      3.186,
      2,
    );
  });

  it.each([
    [
      "bearing: X, bpfo: 3.9, bpfi: 5.9, bsf: 4.7",
      /bearing is "X", with bpfo 3\.5.* comes to 3\.9: which is it/,
    ],
    [
      "bearing: { bpfo: 3.5, bpfi: 5.4, bsf: 4.7 }, bpfo: 3.9, bpfi: 5.9, bsf: 4.7",
      /bearing has bpfo 3\.5, .* comes to 3\.9: which is it/,
    ],
    [
      "bearing: { bpfo: 3.9, bpfi: 5.1, bsf: 4.7, balls: 9, ball_diameter: 7.94, pitch_diameter: 39.04 }",
      /bpfo 3\.9 and bpfi 5\.1 are given, and a geometry that comes to 3\.5/,
    ],
  ])("refuses two bearings of one entry: %s", (words, message) => {
    const bearings = "bearings: { X: { bpfo: 3.5, bpfi: 5.4, bsf: 4.7 } }";
    const text = `${bearings}\nrecordings:\n  - { file: a.npy, label: ball, machine: m, ${words} }`;
    expect(() => parse(text)).toThrow(message);
  });

  it("takes an entry's own speed before a channel that is named for all", () => {
    const { entries } = parse(
      "speed: rpm\nrecordings:\n  - { file: a.csv, label: ball, machine: m }\n  - { file: b.csv, label: ball, machine: m, rpm: 900 }",
    );
    expect(entries.map(({ speed }) => speed?.channel ?? null)).toEqual(["rpm", null]);
  });

  it("is refused with a sentence, whatever it holds", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(
        fc.oneof(value, fc.record({ recordings: fc.array(value, { maxLength: 3 }) })),
        (content) => {
          try {
            parse(JSON.stringify(content));
          } catch (error) {
            expect(hasErrorCode(error, "CONFIG_INVALID")).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

it("a pattern stays within a part of a path, and what its stars stand for makes the path again", () => {
  expect(capturePath("a/b7_load3.npy", "a/b*_load*.npy")).toEqual(["7", "3"]);
  expect(capturePath("a/c/x.npy", "a/*.npy")).toBeNull();
  const letters = fc.array(fc.constantFrom("a", "b", "*"), { maxLength: 8 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(letters, letters, (text, pattern) => {
      const plain = text.replaceAll("*", "c");
      const captures = capturePath(plain, pattern);
      const fits = new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(plain);
      expect(captures !== null).toBe(fits);
      let at = 0;
      if (captures !== null) expect(pattern.replaceAll("*", () => captures[at++]!)).toBe(plain);
    }),
    { numRuns: 2000 },
  );
});
