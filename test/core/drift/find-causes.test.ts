import { describe, expect, it } from "vitest";
import type { DriftCause, DriftVerdict, FeatureShift } from "../../../src/core/contract/drift-verdict.ts";
import { findCauses, findCausesByStep } from "../../../src/core/drift/find-causes.ts";
import type { DriftFleet } from "../../../src/core/drift/fleet-view.ts";
import { atLoads, dayMs, shift, thursdayMs, tuesdayMs, verdict } from "./made-verdicts.ts";

const quieter = [
  shift("high.rms", -6.1, atLoads(-6, -6.2)),
  shift("impact.peak", -6, atLoads(-6.1, -5.9)),
  shift("middle.rms", -5.9, atLoads(-5.8, -6)),
  shift("low.rms", -6, atLoads(-6, -6)),
];
const greased = [shift("impact.peak", -4.5), shift("high.rms", -3.6), shift("middle.rms", -1.4)];
const spalling = [
  shift("bpfo.h1", 1.2),
  shift("bpfo.h2", 0.9),
  shift("outer-race", 2.1),
  shift("impact.peak", 2),
];

function find(verdicts: readonly DriftVerdict[], fleet: Partial<DriftFleet> = {}): readonly DriftVerdict[] {
  return findCauses(verdicts, { points: verdicts, ...fleet });
}

/** Cause of the first. */
function causeOf(verdicts: readonly DriftVerdict[], fleet: Partial<DriftFleet> = {}): DriftCause {
  return find(verdicts, fleet)[0]!.cause!;
}

/** Both ends of three turbines; `shiftsOf` says what moved. */
function site(name: string, shiftsOf: (place: string) => readonly FeatureShift[] = () => []): DriftVerdict[] {
  return ["WT06", "WT07", "WT08"].flatMap((turbine) =>
    ["generator-drive-end", "generator-non-drive-end"].map((component) => {
      const place = `${name}/${turbine}/${component}`;
      return verdict(place, shiftsOf(place));
    }),
  );
}

/** A site of which one place moved, that place first. */
function siteWith(place: string, shifts: readonly FeatureShift[]): DriftVerdict[] {
  const [, turbine = "", component = "generator-drive-end"] = place.split("/");
  const own = verdict(`farm/${turbine}/${component}`, shifts);
  const others = site("farm").filter((other) => other.turbine !== turbine || other.component !== component);
  return [own, ...others];
}

describe("a sensor", () => {
  it("is named when all levels of one point fell alike at all loads while order features stand", () => {
    const cause = causeOf(siteWith("farm/WT07", quieter));
    expect(cause.kind).toBe("sensor");
    expect(cause.title).toBe("WT07's drive-end sensor is 6 dB quieter at all loads since Tuesday");
    expect(cause.evidenceFor).toContain("no other of 2 points of WT07 moved with it");
    expect(cause.evidenceFor.join()).toContain("all 4 levels that moved did so by the same 6 dB");
    expect(cause.evidenceAgainst).toEqual([]);
  });

  it("is not said to have changed at all loads when one load differs", () => {
    const shifts = quieter.map((each) => ({ ...each, ...atLoads(-3, -9) }));
    const cause = causeOf(siteWith("farm/WT07", shifts));
    expect(cause.title).toBe("WT07's drive-end sensor is 6 dB quieter since Tuesday");
    expect(cause.evidenceAgainst).toContain("not the same at all loads");
  });

  it("may be a lull where only the shaft's speed tells the load, and it stood still", () => {
    const against = (by: "speed" | "power"): string => {
      const shifts = quieter.map((each) => ({ ...each, loads: [{ by, band: 21, shift: each.shift }] }));
      return causeOf(siteWith("farm/WT07", shifts)).evidenceAgainst.join();
    };
    expect(against("speed")).toContain(
      "nobody tells the turbine's power: a lull or a gust would sound alike",
    );
    expect(against("power")).toBe("");
  });

  it("is noisy when higher levels rise and the machine's lines drown", () => {
    const shifts = [
      shift("high.rms", 7),
      shift("middle.rms", 3),
      shift("shaft.h1", -0.8),
      shift("bpfo.h1", -0.5),
      shift("bpfi.h2", -0.4),
    ];
    expect(causeOf(siteWith("farm/WT07", shifts))).toMatchObject({
      kind: "sensor",
      title: "WT07's drive-end sensor is noisier since Tuesday",
    });
  });

  it("has the gain of the day alone, where a shift is that of several days together", () => {
    const shifts = [shift("impact.peak", -4, atLoads(-6, -6)), shift("low.rms", -6, atLoads(-6, -6.2))];
    expect(causeOf(siteWith("farm/WT07", shifts)).title).toBe(
      "WT07's drive-end sensor is 6 dB quieter at all loads since Tuesday",
    );
  });

  it("keeps its gain when a score rises a little with what it hears, and is not said to show a fault", () => {
    const levels = ["high.rms", "impact.peak", "low.rms", "middle.rms"].map((name, index) =>
      shift(name, 5 + 0.2 * index, { deviations: 40 }),
    );
    const louder = [...levels, shift("outer-race", 0.2, { deviations: 5 })];
    const cause = causeOf(siteWith("farm/WT07", louder));
    expect(cause.kind).toBe("sensor");
    expect(cause.title).toBe("WT07's drive-end sensor is 5 dB louder since Tuesday");
    expect(cause.evidenceFor[0]).toBe("all 4 levels that moved did so by the same 5 dB, within 0.6 dB");
    // What counts as much as the levels is a fault's; their being alike then speaks against it.
    const lines = spalling.filter(({ role }) => role !== "level");
    const damage = [...levels, ...lines.map((each) => ({ ...each, deviations: 40 }))];
    expect(causeOf(siteWith("farm/WT07", damage))).toMatchObject({
      kind: "turbine",
      evidenceAgainst: expect.arrayContaining([expect.stringMatching(/^all \d levels that moved/)]),
    });
  });

  it("says where the days went, not where the last of them was when that had gone back", () => {
    const back = [shift("impact.peak", -1.5, atLoads(0.2, 0.2)), shift("low.rms", -1.7, atLoads(0.2, 0.2))];
    expect(causeOf(siteWith("farm/WT07", back)).title).toContain("1.6 dB quieter");
  });

  it("is noisy when the shaft's own line drowns in what it hears more", () => {
    const shifts = [shift("shaft.h1", -1), shift("impact.peak", 4)];
    const cause = causeOf(siteWith("farm/WT07", shifts));
    expect(cause.kind).toBe("sensor");
    expect(cause.evidenceFor).toContain("lines of the machine drown: first shaft harmonic");
    const unbalanced = [shift("shaft.h1", 1), shift("impact.peak", 4)];
    expect(causeOf(siteWith("farm/WT07", unbalanced)).kind).toBe("unknown");
  });

  it("is noisy when it alone on its turbine is louder at all frequencies, and no line has grown", () => {
    const louder = [shift("high.rms", 6), shift("low.rms", 4), shift("middle.rms", 3)];
    const cause = causeOf(siteWith("farm/WT07", louder));
    expect(cause).toMatchObject({
      kind: "sensor",
      title: "WT07's drive-end sensor is noisier since Tuesday",
    });
    // The only point of its turbine: the machine itself may be louder.
    expect(causeOf([verdict("farm/WT07", louder), verdict("farm/WT06")]).kind).toBe("turbine");
  });

  it("is noisy when many columns scatter more around the same mean", () => {
    const shifts = ["high.rms", "low.rms", "bpfo.h1", "shaft.h1"].map((name) =>
      shift(name, 0.9, { aspect: "spread" }),
    );
    expect(causeOf(siteWith("farm/WT07", shifts)).kind).toBe("sensor");
  });

  it("is stuck, or gives no value", () => {
    const stuck = [shift("low.rms", 0.1, { aspect: "stuck" })];
    expect(causeOf(siteWith("farm/WT07", stuck)).title).toBe(
      "WT07's drive-end sensor is stuck at one value since Tuesday",
    );
    const invalid = [shift("low.rms", 0.4, { aspect: "invalid", current: 0.4 })];
    expect(causeOf(siteWith("farm/WT07", invalid))).toMatchObject({
      kind: "sensor",
      title: "WT07's drive-end sensor often gives no usable value since Tuesday",
    });
  });

  it("is one SCADA value that lies off alone", () => {
    const scada = { modelName: "turbine-scada" };
    const others = ["WT06", "WT08"].map((turbine) => verdict(`farm/${turbine}/scada`, [], scada));
    const own = verdict("farm/WT07/scada", [shift("generator-bearing-temperature", 4.2)], scada);
    expect(causeOf([own, ...others])).toMatchObject({
      kind: "sensor",
      title: "WT07's generator bearing is 4 °C warmer than expected, this value alone, since Tuesday",
    });
  });
});

describe("a turbine", () => {
  it("is named when both of its points moved", () => {
    const verdicts = site("farm", (place) => (place.includes("WT07") ? greased : []));
    const causes = find(verdicts).flatMap(({ cause }) => (cause === null ? [] : [cause]));
    expect(causes.map(({ kind }) => kind)).toEqual(["turbine", "turbine"]);
    expect(causes[0]!.title).toBe(
      "WT07 has changed since Tuesday: impacts 5 dB quieter, high frequencies 4 dB quieter, middle frequencies 1.4 dB quieter",
    );
    expect(causes[0]!.evidenceFor).toContain("2 points of WT07 moved at about the same time");
    expect(causes[0]!.evidenceFor).toContain("no other turbine of site farm moved with it");
    expect(causes[0]!.evidenceAgainst.join()).toContain("damage is unlikely");
  });

  it("is named when one point's fault lines rise, and its alarm speaks for damage", () => {
    const alarm = {
      site: "farm",
      turbine: "WT07",
      component: "generator-drive-end",
      failureMode: "outer-race",
      sinceMs: thursdayMs,
    };
    const cause = causeOf(siteWith("farm/WT07", spalling), { alarms: [alarm] });
    expect(cause.kind).toBe("turbine");
    expect(cause.title).toBe(
      "WT07's generator drive end shows more of a fault's lines since Tuesday: first outer race harmonic higher (7 times what is usual from day to day), second outer race harmonic higher (5 times what is usual from day to day), score of an outer race fault higher (13 times what is usual from day to day)",
    );
    expect(cause.evidenceFor).toContain(
      "an alarm of outer race at the generator drive end stands since Thursday",
    );
    expect(cause.evidenceAgainst).toContain("no other of 2 points of WT07 moved with it");
  });

  it("is named when one point sounds different without a gain that explains it", () => {
    expect(causeOf(siteWith("farm/WT07", greased)).kind).toBe("turbine");
  });

  it("is named when several of its SCADA values are off the same way, or its SCADA values moved with its bearing", () => {
    const scada = { modelName: "turbine-scada" };
    const warm = ["generator-phase-1-temperature", "generator-phase-2-temperature"].map((name) =>
      shift(name, 5),
    );
    expect(
      causeOf([verdict("farm/WT07/scada", warm, scada), verdict("farm/WT06/scada", [], scada)]).kind,
    ).toBe("turbine");
    const one = verdict("farm/WT07/scada", [shift("generator-bearing-temperature", 3)], scada);
    expect(causeOf([one, ...siteWith("farm/WT07", greased)]).kind).toBe("turbine");
  });

  it("is not one cause with a sensor that fails beside it another way", () => {
    const noisy = [shift("bpfo.h1", -0.8), shift("bsf.h1", -0.8), shift("high.rms", 9), shift("low.rms", 2)];
    const verdicts = site("farm", (place) =>
      place.endsWith("WT07/generator-drive-end") ? quieter : place.includes("WT07") ? noisy : [],
    );
    const kinds = find(verdicts).flatMap(({ cause }) => (cause === null ? [] : [cause.kind]));
    expect(kinds).toEqual(["sensor", "sensor"]);
  });
});

describe("a site", () => {
  const cold = site("farm", (place) =>
    place.includes("WT08/generator-non")
      ? []
      : [shift("middle.rms", 2.2), shift("high.rms", 3), shift("impact.peak", -1)],
  );

  it("is named when most of its points moved the same way, and another site stands", () => {
    const verdicts = [...cold, ...site("other")];
    const kinds = find(verdicts).map(({ cause }) => cause?.kind ?? null);
    expect(kinds.slice(0, 6)).toEqual(["site", "site", "site", "site", "site", null]);
    const cause = causeOf(verdicts);
    expect(cause.title).toMatch(
      /^5 points of site farm moved alike since Tuesday: high frequencies 3 dB louder, middle frequencies 2.2 dB louder/,
    );
    expect(cause.evidenceFor).toContain("5 of 6 points of site farm moved the same way");
    expect(cause.evidenceFor).toContain("no other site moved that way");
  });

  it("is told of by one sentence, although its points moved a little differently", () => {
    const names = ["high.rms", "low.rms", "middle.rms", "impact.peak", "bpfo.h1", "bsf.h1"];
    // Each shares three of four columns with the next: the first has only two in common with the third.
    const verdicts = site("farm").map((each, index) =>
      verdict(
        `farm/${each.turbine}/${each.component}`,
        names
          .slice(Math.floor(index / 2))
          .slice(0, 4)
          .map((name) => shift(name, 2)),
      ),
    );
    const causes = find([...verdicts, ...site("other")])
      .slice(0, 6)
      .map(({ cause }) => cause!);
    expect(new Set(causes.map(({ kind }) => kind))).toEqual(new Set(["site"]));
    expect(new Set(causes.map(({ title }) => title)).size).toBe(1);
    expect(causes[0]!.title).toMatch(/^6 points of site farm moved alike/);
  });

  it("is not named when its points moved in different directions, or weeks apart", () => {
    const mixed = site("farm", (place) =>
      place.includes("WT07") ? quieter : place.includes("WT06") ? spalling : [],
    );
    expect(find(mixed).some(({ cause }) => cause?.kind === "site")).toBe(false);
    const apart = cold.map((each, index) => ({
      ...each,
      shifts: each.shifts.map((one) => ({ ...one, sinceMs: tuesdayMs - index * 5 * dayMs })),
    }));
    expect(find(apart).some(({ cause }) => cause?.kind === "site")).toBe(false);
  });
});

describe("the fleet", () => {
  const moved = [shift("bpfo.h1", 0.6), shift("bsf.h1", -0.7), shift("shaft.h1", 0.8)];

  it("is named when the points of several sites moved the same way", () => {
    const verdicts = [...site("farm", () => moved), ...site("other", () => moved), ...site("third")];
    const cause = causeOf(verdicts);
    expect(cause.kind).toBe("fleet");
    expect(cause.title).toMatch(/^Points of 2 sites moved alike since Tuesday/);
    expect(cause.evidenceFor).toContain("the same at other");
    expect(cause.evidenceAgainst).toContain("weather moves many sites as well");
    const before = causeOf(verdicts, { modelsSince: { ["a".repeat(64)]: tuesdayMs - 90 * dayMs } });
    expect(before.kind).toBe("fleet");
    expect(before.evidenceAgainst).toContain(
      "its model was in the fleet before, and weather moves many sites as well",
    );
  });

  it("is named when all points of one model moved since its first day, and those of another did not", () => {
    const newer = { modelVersion: "1.1.0", modelDigest: "b".repeat(64) };
    const verdicts = [...site("farm", () => moved).map((each) => ({ ...each, ...newer })), ...site("other")];
    expect(causeOf(verdicts, { modelsSince: { [newer.modelDigest]: tuesdayMs } })).toMatchObject({
      kind: "fleet",
      title: expect.stringMatching(/^All points of bearing-vibration 1.1.0 moved alike/),
    });
    const longAgo = { [newer.modelDigest]: tuesdayMs - 90 * dayMs };
    expect(causeOf(verdicts, { modelsSince: longAgo }).kind).toBe("site");
  });

  it("is not said to have a new model's drift when that began more than three days after its first day, or before it", () => {
    const newer = { modelVersion: "1.1.0", modelDigest: "b".repeat(64) };
    const verdicts = [...site("farm", () => moved).map((each) => ({ ...each, ...newer })), ...site("other")];
    const kindAt = (days: number): string =>
      causeOf(verdicts, { modelsSince: { [newer.modelDigest]: tuesdayMs - days * dayMs } }).kind;
    expect([-4, -3, 0, 3, 4, 20].map(kindAt)).toEqual(["site", "fleet", "fleet", "fleet", "site", "site"]);
  });
});

describe("findCauses", () => {
  it("says that it does not know, and what speaks for and against", () => {
    const cause = causeOf(siteWith("farm/WT07", [shift("bpfo.h1", 0.5), shift("bsf.h2", -0.5)]));
    expect(cause.kind).toBe("unknown");
    expect(cause.title).toMatch(
      /^WT07's generator drive end is not as before since Tuesday, for no plain reason/,
    );
    expect(cause.evidenceFor).toContain("no other turbine of site farm moved with it");
    expect(cause.evidenceAgainst).toContain("went up as with damage: first outer race harmonic");
  });

  it("keeps the order and everything else, takes causes from what is stable, and says the same in any order", () => {
    const stale = verdict("farm/WT06", [], {
      cause: { kind: "site", title: "", evidenceFor: [], evidenceAgainst: [] },
    });
    const verdicts = [stale, ...siteWith("farm/WT07", quieter)];
    const found = find(verdicts);
    expect(found.map(({ cause: _cause, ...rest }) => rest)).toEqual(
      verdicts.map(({ cause: _cause, ...rest }) => rest),
    );
    expect(found[0]!.cause).toBeNull();
    const turned = find([...verdicts].reverse()).toReversed();
    expect(turned).toEqual(found);
  });

  it("leaves points alone that were not assessed, and says how many were not", () => {
    const own = verdict("farm/WT07", quieter);
    const silent = ["WT01", "WT02", "WT03"].map((turbine) =>
      verdict(`farm/${turbine}`, [], { level: "paused" }),
    );
    const [cause] = find([own, ...silent]).map((each) => each.cause);
    expect(cause!.kind).toBe("sensor");
    expect(cause!.evidenceAgainst).toEqual([
      "no other turbine of site farm was assessed",
      "only 1 of 4 points of site farm were assessed",
    ]);
  });

  it("reads two thousand points that all moved in a fraction of what comparing each with each takes, step by step", () => {
    const verdicts = Array.from({ length: 334 }, (_, index) => site(`farm-${index}`, () => quieter)).flat();
    const { user: before } = process.cpuUsage();
    let steps = 0;
    for (const reading = findCausesByStep(verdicts, { points: verdicts }); ; steps++) {
      const { done, value } = reading.next();
      if (done !== true) continue;
      expect(value.filter(({ cause }) => cause?.kind === "fleet")).toHaveLength(verdicts.length);
      break;
    }
    // Each with each took 7 s on an idle core.
    expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(3);
    expect(steps).toBeGreaterThan(verdicts.length);
  });

  it("never speaks of statistics in a title", () => {
    for (const shifts of [quieter, greased, spalling, [shift("bpfo.h1", 1)]]) {
      expect(causeOf(siteWith("farm/WT07", shifts)).title).not.toMatch(/psi|p-?value|kolmogorov|sigma|σ/i);
    }
  });
});
