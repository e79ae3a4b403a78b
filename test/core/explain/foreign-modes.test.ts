import { describe, expect, test } from "vitest";
import { bearingFeatureSpec, bearingWindow } from "../../../scripts/bearing-feature-spec.ts";
import { createHumModeFinder } from "../../../src/core/explain/hum-modes.ts";

const bearing = { bpfo: 4, bpfi: 6.1, bsf: 5.3, ftf: 0.4 };
const orders = { bpfo: 4.05, bpfi: 6.1, bsf: 5.3, ftf: 0.4 };
const names = bearingFeatureSpec.list.map(({ name }) => name);
const columnsOf = (...of: readonly string[]): number[] => of.map((name) => names.indexOf(name));
const log = (db: number): number => (db * Math.LN10) / 20;
/** A window whose every line is as high as noise, but for these, dB. */
const windowOf = (high: Readonly<Record<string, number>>): Float32Array =>
  Float32Array.from(names, (name) => log(high[name] ?? 5));
const find = createHumModeFinder({ features: bearingFeatureSpec, window: bearingWindow }, orders);

describe("modes for which nothing but hum speaks", () => {
  test("are those whose every line that stands out stands on hum", () => {
    const features = windowOf({ "bpfo.h1": 20, "bpfo.h2": 15 });
    const [h1, h2] = columnsOf("bpfo.h1", "bpfo.h2");
    expect(find({ features, humLines: [h1!, h2!] })).toEqual(["outer-race"]);
    // A second harmonic beside the hum is the fault's own.
    expect(find({ features, humLines: [h1!] })).toEqual([]);
    expect(find({ features })).toEqual([]);
  });

  test("are none whose side bands stand out", () => {
    const humLines = columnsOf("bpfi.h1");
    expect(find({ features: windowOf({ "bpfi.h1": 20 }), humLines })).toEqual(["inner-race"]);
    const features = windowOf({ "bpfi.h1": 20, "bpfi.side.shaft": 14 });
    expect(find({ features, humLines })).toEqual([]);
  });

  test("are none of which no line stands out, wherever noise has its highest bin", () => {
    const humLines = columnsOf("bpfo.h1", "bpfi.h1", "bsf.h1");
    expect(find({ features: windowOf({}), humLines })).toEqual([]);
    expect(find({ features: windowOf({ "bsf.h1": 18 }), humLines })).toEqual(["ball"]);
  });

  test("are held against both bands of a fast sensor", () => {
    const humming = windowOf({ "bpfo.h1": 20 });
    const [h1] = columnsOf("bpfo.h1");
    const quiet = windowOf({});
    expect(find({ features: humming, upperFeatures: quiet, humLines: [h1!] })).toEqual(["outer-race"]);
    expect(find({ features: quiet, upperFeatures: humming, upperHumLines: [h1!] })).toEqual(["outer-race"]);
    const struck = windowOf({ "bpfo.h2": 16 });
    expect(find({ features: humming, upperFeatures: struck, humLines: [h1!] })).toEqual([]);
  });

  test("do not rest on lines on a harmonic of the shaft, which are no fault's", () => {
    const shaded = createHumModeFinder({ features: bearingFeatureSpec, window: bearingWindow }, bearing);
    expect(shaded({ features: windowOf({ "bpfo.h1": 20 }), humLines: columnsOf("bpfo.h1") })).toEqual([]);
  });
});
