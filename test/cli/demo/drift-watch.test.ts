import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { decideDrift, type PeriodVerdicts, watchDrift } from "../../../src/cli/demo/drift-watch.ts";
import { createDriftTeller, describeDriftEnd } from "../../../src/cli/demo/drift-words.ts";
import { planDriftDemo } from "../../../src/cli/demo/plan-drift.ts";
import type { DriftCause, DriftVerdict } from "../../../src/core/contract/drift-verdict.ts";
import { driftKinds } from "../../../src/core/simulate/drift-plan.ts";
import { verdict } from "../../core/drift/made-verdicts.ts";

const places = ["WT01", "WT02", "WT03"].flatMap((turbine) =>
  ["generator-drive-end", "generator-non-drive-end"].map((component) => `demo/${turbine}/${component}`),
);

function drifting(place: string, kind: DriftCause["kind"]): DriftVerdict {
  const cause = { kind, title: `${place} moved`, evidenceFor: ["a"], evidenceAgainst: ["b"] };
  return verdict(place, [], { level: "drift", cause });
}

/** A period in which the places that `kinds` names drift; all others are stable. */
function period(kinds: Readonly<Record<string, DriftCause["kind"]>> = {}): PeriodVerdicts {
  const verdicts = places.map((place) => {
    const kind = kinds[place];
    return kind === undefined ? verdict(place) : drifting(place, kind);
  });
  return { fromMs: 0, verdicts };
}

const [first, second, other] = [places[2]!, places[3]!, places[0]!];
const grease = {
  drift: "grease",
  kind: "turbine",
  onsetS: 1,
  points: [first, second].map((place) => ({
    turbine: place.split("/")[1]!,
    component: place.split("/")[2]!,
  })),
} as const;
const winter = {
  ...grease,
  drift: "winter",
  kind: "site",
  points: places.map((place) => ({ turbine: place.split("/")[1]!, component: place.split("/")[2]! })),
} as const;

describe("decideDrift", () => {
  it("is met once all that drifts is placed as expected", () => {
    expect(decideDrift([period(), period()], grease)).toBe("open");
    expect(decideDrift([period(), period({ [first]: "turbine" })], grease)).toBe("met");
    expect(
      decideDrift(
        [period({ [first]: "sensor" }), period({ [first]: "turbine", [second]: "turbine" })],
        grease,
      ),
    ).toBe("met");
  });

  it("is broken where another point drifts, at once, and where a wrong cause stays", () => {
    expect(decideDrift([period({ [other]: "turbine" })], grease)).toBe("broken");
    const wrong = new Array<PeriodVerdicts>(6).fill(period({ [first]: "sensor" }));
    expect(decideDrift(wrong.slice(1), grease)).toBe("open");
    expect(decideDrift(wrong, grease)).toBe("broken");
  });

  it("wants most points of a site", () => {
    const few = period({ [first]: "site", [second]: "site" });
    expect(decideDrift([few], winter)).toBe("open");
    const most = period(Object.fromEntries(places.slice(0, 4).map((place) => [place, "site"])));
    expect(decideDrift([few, most], winter)).toBe("met");
    const warned = most.verdicts.map((each, index) =>
      index < 2 ? each : { ...each, level: each.level === "drift" ? ("warning" as const) : each.level },
    );
    expect(decideDrift([{ ...most, verdicts: warned }], winter)).toBe("met");
  });

  it("is met without a drift after some healthy periods that were assessed, and broken by any", () => {
    const learning: PeriodVerdicts = {
      fromMs: 0,
      verdicts: places.map((place) => verdict(place, [], { level: "learning" })),
    };
    expect(decideDrift([...Array.from({ length: 20 }, () => learning), period()], null)).toBe("open");
    expect(
      decideDrift(
        Array.from({ length: 6 }, () => period()),
        null,
      ),
    ).toBe("met");
    expect(decideDrift([period(), period({ [first]: "unknown" })], null)).toBe("broken");
  });
});

describe("watchDrift", () => {
  it("ends with what is wrong with a reply, also where nobody waits for its verdict", async () => {
    const server = createServer((_request, response) => response.end("{}")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const unhandled: unknown[] = [];
    const note = (reason: unknown): number => unhandled.push(reason);
    process.on("unhandledRejection", note);
    onTestFinished(() => {
      process.off("unhandledRejection", note);
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const collectorUrl = `http://127.0.0.1:${port}`;
    const watch = watchDrift({ collectorUrl, points: 6, expected: null, onPeriod: () => {} });
    await setTimeout(500);
    expect(unhandled).toEqual([]);
    await expect(watch.ended).rejects.toThrow(/verdicts/);
    await expect(watch.decided).rejects.toThrow(/verdicts/);
  });
});

describe("a device that lags behind the others", () => {
  const startMs = Date.UTC(2026, 2, 12, 10);
  const minute = 60_000;
  const at = (each: DriftVerdict, index: number): DriftVerdict => ({
    ...each,
    fromMs: startMs + index * minute,
    toMs: startMs + (index + 1) * minute,
  });

  it("is waited for: no period is read before all of its points are, and its causes were found with all of them", async () => {
    // By period, as the collector has them now.
    let periods: (readonly DriftVerdict[])[] = [period().verdicts.map((each) => at(each, 0))];
    const server = createServer((request, response) => {
      const day = new URL(request.url!, "http://localhost").searchParams.get("day");
      const newest = places.flatMap((place) => {
        const of = periods.flat().filter((each) => place === `demo/${each.turbine}/${each.component}`);
        return of.slice(-1);
      });
      const verdicts = day === null ? newest : (periods[(Date.parse(day) - startMs) / minute] ?? []);
      response.end(JSON.stringify({ day: "2026-03-12", verdicts, next: null }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const read: PeriodVerdicts[] = [];
    const watch = watchDrift({
      collectorUrl: `http://127.0.0.1:${port}`,
      points: 6,
      expected: grease,
      onPeriod: (each) => read.push(each),
    });
    onTestFinished(async () => {
      await watch.close();
      server.close();
    });
    await vi.waitFor(() => expect(read).toHaveLength(1), 10_000);
    const lagging = (each: DriftVerdict): boolean => each.turbine === "WT01";
    const ahead = (kinds: Parameters<typeof period>[0], index: number): readonly DriftVerdict[] =>
      period(kinds)
        .verdicts.filter((each) => !lagging(each))
        .map((each) => at(each, index));
    // The drift is of period 1; three periods later nothing of it is to be seen.
    const unread = ahead({ [first]: "turbine" }, 1).map((each) => ({ ...each, cause: null }));
    periods = [periods[0]!, unread, ahead({}, 2), ahead({}, 3), ahead({}, 4)];
    await setTimeout(1_500);
    expect(read).toHaveLength(1);
    const late = [1, 2, 3, 4].map((index) =>
      period()
        .verdicts.filter(lagging)
        .map((each) => at(each, index)),
    );
    const caused = [ahead({ [first]: "turbine" }, 1), ...periods.slice(2)];
    periods = [periods[0]!, ...caused.map((verdicts, index) => [...late[index]!, ...verdicts])];
    await watch.decided;
    expect(watch.verdict).toBe("met");
    expect(read.slice(0, 2).map(({ verdicts }) => verdicts.length)).toEqual([6, 6]);
  });
});

describe("what is said of a drift", () => {
  it("is a line a period, and title and evidence once for each point and cause", () => {
    const tell = createDriftTeller(false);
    const learning = places.map((place) => verdict(place, [], { level: "learning", referenceDays: 3 }));
    expect(tell({ fromMs: 0, verdicts: learning })).toBe(
      "00:00  learning: 3 of 14 periods are known of each of 6 points\n",
    );
    expect(tell({ fromMs: 0, verdicts: [] })).toBe("00:00  nothing was heard of any point\n");
    const found = tell(period({ [first]: "turbine" }));
    expect(found).toContain("5 stable, 1 drift");
    expect(found).toContain("DRIFT  WT02 / generator-drive-end  of the turbine");
    expect(found).toContain(`${first} moved`);
    expect(found).toContain("for: a\n          against: b");
    expect(tell(period({ [first]: "turbine" }))).not.toContain("DRIFT");
    expect(tell(period({ [first]: "sensor" }))).toContain("DRIFT");
    expect(createDriftTeller(true)(period({ [first]: "turbine" }))).toContain("\u001b[33m");
  });

  it("ends with whether the right one was found, and where it should have been", () => {
    expect(describeDriftEnd("met", grease, "in time")).toContain("found, named and placed: grease");
    expect(describeDriftEnd("broken", grease, "in time")).toContain(
      "WT02 / generator-drive-end, WT02 / generator-non-drive-end",
    );
    expect(describeDriftEnd("open", grease, "in time")).toContain("but it was not found in time");
    expect(describeDriftEnd("met", null, "in time")).toContain("nothing drifts");
  });
});

describe("planDriftDemo", () => {
  it.for(driftKinds)("announces %s and expects it where it is played", (kind) => {
    for (let seed = 0; seed < 8; seed++) {
      const { drift, turbines, notices, expected } = planDriftDemo(seed, kind);
      expect(expected).toBeNull();
      expect(turbines.map(({ id, source }) => [id, source.channels.length])).toEqual([
        ["WT01", 2],
        ["WT02", 2],
        ["WT03", 2],
      ]);
      const affected = [...new Set(drift!.points.map(({ turbine }) => turbine))];
      expect([drift!.kind, drift!.points.length]).toEqual(
        { sensor: ["sensor", 1], grease: ["turbine", 2], winter: ["site", 6] }[kind],
      );
      if (kind !== "winter") expect(notices.join()).toContain(affected[0]);
    }
  });

  it("expects nothing where nothing drifts", () => {
    expect(planDriftDemo(1, "none")).toMatchObject({ drift: null, expected: null });
  });
});
