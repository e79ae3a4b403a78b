/**
 * The watches of a site's measuring points, with their healthy baselines kept over restarts: one entry a point, so that
 * a kill costs one point's progress at most; and the operator's order to learn one anew. What a watch says of its baseline
 * is told by it (`kept-watch.ts`); deciders and alarms are kept elsewhere, together (`snapshots.ts`). Decides nothing itself.
 */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { PointBaselineReport, RenewalReply } from "../../core/contract/baseline-report.ts";
import type { ModelRef } from "../../core/contract/prediction.ts";
import type { PointId } from "../../core/contract/stream.ts";
import { describeDeafSensor } from "../../core/decision/alarms/renewal.ts";
import { finishSteps, type Steps } from "../../core/maths/steps.ts";
import type { PointCondition } from "../alarms/component-tracker.ts";
import { createDueFits } from "./due-fits.ts";
import {
  createKeptWatch,
  type KeptWatch,
  type KeptWatchOptions,
  type PointStart,
  type RenewalOrder,
} from "./kept-watch.ts";

export interface SiteBaselinesOptions extends Omit<KeptWatchOptions, "fits"> {
  /**
   * Goes through steps of a few milliseconds each, between other work: points that begin together have heard enough for a
   * baseline together, and are due to be written down together. Absent: each is fitted with the window that completes it, and
   * what is due at a tick is written at once.
   */
  readonly run?: (work: Steps<void>) => void;
}

export interface SiteBaselines {
  /** Creates the watch of a point, new or as the last run left it. */
  create(point: PointId, start: PointStart): KeptWatch;
  readonly conditions: readonly PointCondition[];
  /** Of every point, for people. */
  readonly reports: readonly PointBaselineReport[];
  /**
   * Learns the baseline of a point anew.
   * @throws AuroraError USAGE for a point that there is not, or whose bundle knows no baselines; GATEWAY for one that was found
   * healthy while its sensor is known to hear its machine no more.
   */
  renew(place: { readonly turbine: string; readonly component: string }, order: RenewalOrder): RenewalReply;
  /**
   * Writes down what is due of a few points, who has waited longest first, one in each step; call it about once a second. Points that
   * begin together learn together: all of them at once would hold up the windows of all.
   */
  tick(): void;
  /** Writes down how far all of them are. */
  save(): void;
}

/**
 * Points whose progress is written down at a tick: what one has learnt is up to 160 kB of text and takes milliseconds, and a thousand
 * have their turn well within the quarter of an hour in which they come to be due.
 */
const pointsPerTick = 4;

/** Creates the baselines of a site without points. */
export function createSiteBaselines(options: SiteBaselinesOptions): SiteBaselines {
  const all: { readonly point: PointId; readonly watch: KeptWatch }[] = [];
  // One write for all: a thousand would not end before the gateway has to.
  const describe = (watches: readonly KeptWatch[]): Readonly<Record<string, string>> =>
    Object.assign({}, ...watches.map((watch) => watch.takeProgress()));
  const describeAll = (): Readonly<Record<string, string>> => describe(all.map(({ watch }) => watch));
  const write = (watches: readonly KeptWatch[]): void => {
    options.state.setDescribed(describe(watches), describeAll);
  };
  /** What is due, in the order in which it came to be. */
  const due = new Set<KeptWatch>();
  const writeDue = function* (): Steps<void> {
    for (const watch of [...due].slice(0, pointsPerTick)) {
      // Another tick, or the end, may have written it meanwhile.
      if (due.delete(watch)) write([watch]);
      yield;
    }
  };
  const { run = finishSteps } = options;
  const fits = createDueFits(options.run);
  /** One for all points. */
  const watchOptions: KeptWatchOptions = { ...options, fits };
  return {
    create: (point, start) => {
      const watch = createKeptWatch(point, start, watchOptions);
      all.push({ point, watch });
      options.state.release(watch.keys, describeAll);
      return watch;
    },
    get conditions() {
      return all.map(({ point, watch }) => ({ point, ...watch.condition }));
    },
    get reports() {
      return all.map(({ watch }) => watch.report);
    },
    renew: ({ turbine, component }, order) => {
      const found = all.find(({ point }) => point.turbine === turbine && point.component === component);
      if (found === undefined) throw refuseUnknown(`${turbine} ${component}`, all);
      const { isDeaf = false, severityDb } = found.watch.condition;
      if (order.foundHealthy === true && isDeaf) throw refuseDeaf(`${turbine} ${component}`, severityDb);
      const reply = found.watch.renew(order);
      if (reply === null) throw refuseModel(`${turbine} ${component}`, found.watch.model);
      return reply;
    },
    tick: () => {
      for (const { watch } of all) if (watch.isDue) due.add(watch);
      if (due.size > 0) run(writeDue());
    },
    save: () => {
      due.clear();
      write(all.map(({ watch }) => watch));
    },
  };
}

/** Points that an error names at most. */
const maxNamed = 8;

function refuseUnknown(subject: string, all: readonly { readonly point: PointId }[]): AuroraError {
  const named = all.slice(0, maxNamed).map(({ point }) => `${point.turbine} ${point.component}`);
  const rest = all.length > maxNamed ? ` and ${all.length - maxNamed} more` : "";
  return new AuroraError("USAGE", `this gateway has no measuring point ${subject}`, {
    op: "renew baseline",
    subject,
    hint:
      all.length === 0
        ? "It has no measuring points at all."
        : `There ${all.length === 1 ? "is only" : "are"} ${named.join(", ")}${rest}.`,
  });
}

function refuseDeaf(subject: string, severityDb: number | null): AuroraError {
  return new AuroraError("GATEWAY", `the sensor of ${subject} ${describeDeafSensor(severityDb)}`, {
    op: "renew baseline",
    subject,
    hint: "Mend the sensor first, and say --found-healthy then. Where it hears as it should from now on, renew without --found-healthy.",
  });
}

function refuseModel(subject: string, { name, version }: ModelRef): AuroraError {
  return new AuroraError("USAGE", `${subject} has no baseline to renew`, {
    op: "renew baseline",
    subject,
    hint: `Its model ${name} ${version} knows no baselines: nothing is learnt on site.`,
  });
}
