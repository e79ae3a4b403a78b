import { describe, expect, it } from "vitest";
import { bearingFeatureSpec } from "../../../../../scripts/bearing-feature-spec.ts";
import type {
  RecordedEntry,
  RecordedLabel,
} from "../../../../../src/training/dataset/recordings/recording-set.ts";
import { divideByGroups } from "../../../../../src/training/recipes/bearing/learn/divide-by-groups.ts";
import { nameKinds } from "../../../../../src/training/recipes/bearing/learn/name-kinds.ts";
import type {
  RecordedRows,
  WaveformRows,
} from "../../../../../src/training/recipes/bearing/learn/recorded-rows.ts";

const hypotheses = [
  { failureMode: "inner-race", title: "", featurePrefix: "bpfi." },
  { failureMode: "outer-race", title: "", featurePrefix: "bpfo." },
  { failureMode: "ball", title: "", featurePrefix: "bsf." },
];
const names = bearingFeatureSpec.list.map(({ name }) => name);

function makeEntry(machine: string, label: RecordedLabel): RecordedEntry {
  return {
    id: `${machine} ${label}`,
    file: "a.npy",
    channel: null,
    label,
    machine,
    component: "bearing",
    shared: null,
    load: null,
    learn: true,
    sampleRateHz: 12_000,
    shaftRpm: 1800,
    bearing: { bpfo: 3.585, bpfi: 5.415, bsf: 4.714, ftf: 0.398 },
    isAbsolute: true,
  };
}

/** Two windows whose lines of one order stand `height` above the noise. */
function makeRows(entry: RecordedEntry, prefix: string, height: number) {
  const row = names.map((name) => (name.startsWith(`${prefix}h`) ? height : 0.1));
  return { entry, served: { rows: 2, features: Float32Array.from([...row, ...row]) } };
}

describe("a recording that is only said to be faulty", () => {
  const healthy = [0.2, 0.3, 0.25].map((height, index) =>
    makeRows(makeEntry(`h${index}`, "healthy"), "bpfo.", height),
  );

  it("has the kind whose order stands out; a label that names a kind is believed", () => {
    const faulty = makeRows(makeEntry("f", "faulty"), "bsf.", 3);
    const said = makeRows(makeEntry("s", "inner-race"), "bpfo.", 3);
    const { named, unclear } = nameKinds([...healthy, faulty, said], {
      features: bearingFeatureSpec,
      hypotheses,
    });
    expect(named.map(({ failureMode }) => failureMode)).toEqual([null, null, null, "ball", "inner-race"]);
    expect(unclear).toEqual([]);
  });

  it("is left out where nothing stands out that healthy ones do not show, or no window fits in", () => {
    const faint = makeRows(makeEntry("f", "faulty"), "bpfi.", 0.3);
    const empty = { entry: makeEntry("e", "faulty"), served: { rows: 0, features: new Float32Array(0) } };
    const { named, unclear } = nameKinds([...healthy, faint, empty], {
      features: bearingFeatureSpec,
      hypotheses,
    });
    expect(named).toHaveLength(3);
    expect(unclear.map(({ id }) => id)).toEqual(["f faulty", "e faulty"]);
  });

  it("cannot be named by features that tell no kinds apart, and what to do is said", () => {
    const list = bearingFeatureSpec.list.filter(({ name }) => !name.startsWith("bsf."));
    const features = { ...bearingFeatureSpec, list };
    expect(() =>
      nameKinds([makeRows(makeEntry("f", "faulty"), "bpfi.", 1)], { features, hypotheses }),
    ).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        hint: expect.stringContaining("inner-race, outer-race or ball"),
      }),
    );
  });
});

describe("dividing machines", () => {
  const modes = hypotheses.map(({ failureMode }) => failureMode);
  const divide = (held: readonly string[], machines: Readonly<Record<string, RecordedLabel>>) => {
    const signals = Object.entries(machines).map(([machine, label]): WaveformRows => {
      const failureMode = label === "healthy" || label === "faulty" ? null : label;
      const none = { rows: 0, features: new Float32Array(0) };
      return {
        entry: makeEntry(machine, label),
        failureMode,
        machineFault: failureMode,
        served: none,
        training: { ...none, recorded: 0 },
      };
    });
    const machinesOf = Object.keys(machines);
    const rows: RecordedRows = { signals, extra: [], unclear: [], tooShort: [], machines: machinesOf };
    return divideByGroups(held, rows, modes);
  };

  it("says which faults were learnt or judged on one machine alone, or on none", () => {
    const machines = {
      h1: "healthy",
      h2: "healthy",
      i1: "inner-race",
      i2: "inner-race",
      o1: "outer-race",
    } as const;
    const { trainGroups, shortcomings } = divide(["h2", "i2"], machines);
    expect(trainGroups).toEqual(["h1", "i1", "o1"]);
    expect(shortcomings).toEqual([
      expect.stringContaining("outer-race was learnt from o1 alone and judged on no recording"),
      expect.stringContaining("No recording shows the fault ball"),
      expect.stringMatching(/^2 machines are held out, too few for an honest figure: .*\.$/),
    ]);
  });

  it.each([
    [["h2"], /no machine with the fault inner-race is held out/],
    [["i1", "i2", "h1"], /no machine with the fault inner-race is trained on/],
    [["i2"], /no healthy recording is held out: there are 2 such machines in all/],
    [["x"], /there is no machine "x" to hold out/],
  ])("that holds out %j is refused", (held, message) => {
    const machines = { h1: "healthy", h2: "healthy", i1: "inner-race", i2: "inner-race" } as const;
    expect(() => divide(held, machines)).toThrow(message);
  });

  it("says what would be enough where a side has nobody to judge", () => {
    const machines = { h1: "healthy", i1: "inner-race" } as const;
    expect(() => divide([], machines)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("record a second one (three of each fault") }),
    );
  });
});
