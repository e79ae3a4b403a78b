import { describe, expect, test } from "vitest";
import { bearingFeatureSpec, bearingWindow } from "../../../scripts/bearing-feature-spec.ts";
import type { ForeignLines } from "../../../src/core/contract/stream.ts";
import { createForeignModeFinder } from "../../../src/core/explain/foreign-modes.ts";

const bearing = { bpfo: 4, bpfi: 6.1, bsf: 5.3, ftf: 0.4 };
const orders = { bpfo: 4.05, bpfi: 6.1, bsf: 5.3, ftf: 0.4 };
const names = bearingFeatureSpec.list.map(({ name }) => name);
const columnsOf = (...of: readonly string[]): number[] => of.map((name) => names.indexOf(name));
const log = (db: number): number => (db * Math.LN10) / 20;
/** A window whose every line is as high as noise, but for these, dB. */
const windowOf = (high: Readonly<Record<string, number>>): Float32Array =>
  Float32Array.from(names, (name) => log(high[name] ?? 5));
const onHum = (hum: readonly number[]): ForeignLines => ({ hum, shaft: [] });
const onShaft = (shaft: readonly number[]): ForeignLines => ({ hum: [], shaft });
const find = createForeignModeFinder({ features: bearingFeatureSpec, window: bearingWindow }, orders);

describe("modes for which nothing but foreign lines speaks", () => {
  test("are those whose every line that stands out stands on hum", () => {
    const features = windowOf({ "bpfo.h1": 20, "bpfo.h2": 15 });
    const [h1, h2] = columnsOf("bpfo.h1", "bpfo.h2");
    expect(find({ features, foreignLines: onHum([h1!, h2!]) })).toEqual(["outer-race"]);
    // A second harmonic beside the hum is the fault's own.
    expect(find({ features, foreignLines: onHum([h1!]) })).toEqual([]);
    expect(find({ features })).toEqual([]);
  });

  test("are those with side bands beside the hum: an eccentric rotor's, or at twice the slip's frequency, near the cage's", () => {
    const foreignLines = onHum(columnsOf("bpfi.h1"));
    const eccentric = windowOf({ "bpfi.h1": 20, "bpfi.side.shaft": 14 });
    expect(find({ features: eccentric, foreignLines })).toEqual(["inner-race"]);
    const slipping = windowOf({ "bpfi.h1": 20, "bpfi.side.ftf": 14 });
    expect(find({ features: slipping, foreignLines })).toEqual(["inner-race"]);
    // Beside a line that is no hum the cage's are the fault's own; with no line between them they are anything's.
    expect(find({ features: slipping, foreignLines: onHum(columnsOf("bpfi.h2")) })).toEqual([]);
    const faint = windowOf({ "bpfi.h2": 20, "bpfi.side.ftf": 14 });
    for (const hum of [columnsOf("bpfi.h2"), columnsOf("bpfi.h1", "bpfi.h2")])
      expect(find({ features: faint, foreignLines: onHum(hum) })).toEqual(["inner-race"]);
  });

  test("are none of which no line stands out, wherever noise has its highest bin", () => {
    const foreignLines = onHum(columnsOf("bpfo.h1", "bpfi.h1", "bsf.h1"));
    expect(find({ features: windowOf({}), foreignLines })).toEqual([]);
    expect(find({ features: windowOf({ "bsf.h1": 18 }), foreignLines })).toEqual(["ball"]);
  });

  test("are held against both bands of a fast sensor", () => {
    const humming = windowOf({ "bpfo.h1": 20 });
    const [h1] = columnsOf("bpfo.h1");
    const quiet = windowOf({});
    expect(find({ features: humming, upperFeatures: quiet, foreignLines: onHum([h1!]) })).toEqual([
      "outer-race",
    ]);
    expect(find({ features: quiet, upperFeatures: humming, upperForeignLines: onHum([h1!]) })).toEqual([
      "outer-race",
    ]);
    const struck = windowOf({ "bpfo.h2": 16 });
    expect(find({ features: humming, upperFeatures: struck, foreignLines: onHum([h1!]) })).toEqual([]);
  });

  test("are those as well whose own order lies on a harmonic of the shaft: a line there is the shaft's or hum", () => {
    const shaded = createForeignModeFinder({ features: bearingFeatureSpec, window: bearingWindow }, bearing);
    const h1 = columnsOf("bpfo.h1");
    for (const foreignLines of [onHum(h1), onShaft(h1)]) {
      expect(shaded({ features: windowOf({ "bpfo.h1": 20 }), foreignLines })).toEqual(["outer-race"]);
      // Another harmonic is the fault's own.
      expect(shaded({ features: windowOf({ "bpfo.h1": 20, "bpfo.h2": 15 }), foreignLines })).toEqual([]);
    }
  });

  test("are not those whose centre lies on a harmonic of the shaft, where it is not heard: side bands of the cage speak for them", () => {
    const cut = { features: bearingFeatureSpec, window: bearingWindow };
    const shaded = createForeignModeFinder(cut, { ...orders, bsf: 3.9874 });
    const features = windowOf({ "bsf.h2": 16, "bsf.side.ftf": 14 });
    const shaft = columnsOf("bsf.h2");
    expect(shaded({ features, foreignLines: onShaft(shaft) })).toEqual([]);
    // Hum in the same place has side bands of its own.
    expect(shaded({ features, foreignLines: { hum: columnsOf("bsf.h1"), shaft } })).toEqual(["ball"]);
    expect(find({ features, foreignLines: onShaft(shaft) })).toEqual(["ball"]);
  });

  test("are those whose lines stand where the shaft's may, with what stands beside these at the shaft's speed", () => {
    const foreignLines = onShaft(columnsOf("bpfi.h1", "bpfi.h2"));
    const knocking = windowOf({ "bpfi.h1": 20, "bpfi.h2": 16, "bpfi.side.shaft": 18 });
    expect(find({ features: knocking, foreignLines })).toEqual(["inner-race"]);
    // A third harmonic elsewhere, or the cage's side bands of a rolling element, are the fault's own.
    const struck = windowOf({ "bpfi.h1": 20, "bpfi.h2": 16, "bpfi.h3": 16 });
    expect(find({ features: struck, foreignLines })).toEqual([]);
    const rolling = windowOf({ "bsf.h1": 20, "bsf.side.ftf": 18 });
    expect(find({ features: rolling, foreignLines: onShaft(columnsOf("bsf.h1")) })).toEqual([]);
    // Side bands of the shaft's speed alone are not beside anything.
    expect(find({ features: windowOf({ "bpfi.side.shaft": 18 }), foreignLines })).toEqual([]);
  });

  test("may have one line on hum and another on the shaft", () => {
    const [h1, h2] = columnsOf("bpfo.h1", "bpfo.h2");
    const features = windowOf({ "bpfo.h1": 20, "bpfo.h2": 15 });
    expect(find({ features, foreignLines: { hum: [h1!], shaft: [h2!] } })).toEqual(["outer-race"]);
  });
});
