/**
 * Prints how soon a gateway hears a fault that grows within days on machines that are monitored by snapshots:
 * `npx tsx scripts/bench-weeks.ts [--bundle DIR] [--seeds N] [--only TEXT]`, by `aurora score --decide`'s own code, of the healthy
 * channels of `ims` in AURORA_DATA, else ../shared/data. A week is 1,008 snapshots of a second, ten minutes apart: a
 * channel's 50, drawn again and again. Each channel has a healthy week, and six in which a fault begins at half of it: three
 * kinds that grow linearly or exponentially for three days. `--seeds` plays each so often, `--only` those whose line has the text.
 *
 * `early`: alarms before the fault begins. `visible`: hours from its beginning until three snapshots in a row show its first line
 * 4.5 and 6 times above its neighbours (`bench/visible-line.ts`); `later`: hours from there to the first alarm that is not early,
 * negative where that comes first. `ims` is data for evaluation and for decisions of tuning: what is chosen by it is no figure of an unseen machine.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { withBundle } from "../src/cli/score/files/open-bundle.ts";
import type { ReplayedAlarm } from "../src/cli/score/replay/alarm-list.ts";
import { faultKinds } from "../src/core/contract/bundle/bearing-fault.ts";
import type { LoadedBundle } from "../src/core/serving/loaded-bundle.ts";
import { dataFolder } from "../test/support/data-folder.ts";
import {
  everySeconds,
  faultFrom,
  findVisible,
  type Growth,
  inventWeek,
  type WeekPlan,
  weekStartMs,
} from "./bench/invented-weeks.ts";
import { readHealthyChannels } from "./bench/life-manifests.ts";
import { replayLives } from "./bench/replay-lives.ts";
import { createScratchFolder } from "./scratch-folder.ts";
import { readOptions, readWholeNumber, refuseWrong } from "./suite-options.ts";

const root = join(import.meta.dirname, "..");
const { values: options } = readOptions({
  command: "npx tsx scripts/bench-weeks.ts",
  does: "How soon a gateway hears a fault that grows within days, by snapshots of ims.",
  options: {
    bundle: {
      type: "string",
      default: join(root, "models", "bearing-vibration", "1.0.0"),
      value: "DIR",
      means: "a bundle (the shipped one)",
    },
    seeds: {
      type: "string",
      default: "1",
      value: "N",
      means: "how often each week is played (1)",
      check: readWholeNumber,
    },
    only: { type: "string", default: "", value: "TEXT", means: "weeks whose line has the text" },
  },
});
const heights = [4.5, 6] as const;
const growths: readonly Growth[] = ["linear", "exponential"];
const faults = [null, ...faultKinds.flatMap((kind) => growths.map((growth) => ({ kind, growth })))];

/** What became of a week; hours. */
interface WeekOutcome {
  readonly fault: WeekPlan["fault"];
  readonly early: number;
  readonly first: ReplayedAlarm | null;
  readonly visible: readonly (number | null)[];
  readonly later: readonly (number | null)[];
}

async function playWeek(bundle: LoadedBundle, plan: WeekPlan): Promise<WeekOutcome> {
  const scratch = createScratchFolder("weeks");
  try {
    const { set, lines } = await inventWeek(plan, scratch.path);
    const [report] = await replayLives(bundle, set);
    const rowOf = ({ raisedAt }: ReplayedAlarm): number =>
      Math.floor((Date.parse(raisedAt) - weekStartMs) / 1000 / everySeconds);
    const isEarly = (alarm: ReplayedAlarm): boolean => plan.fault === null || rowOf(alarm) <= faultFrom;
    const alarms = report?.alarms ?? [];
    const first = alarms.find((alarm) => !isEarly(alarm)) ?? null;
    const inHours = (rows: number): number => (rows * everySeconds) / 3600;
    const visible = heights.map((height) => findVisible(lines, height));
    return {
      fault: plan.fault,
      early: alarms.filter(isEarly).length,
      first,
      visible: visible.map((row) => (row === null ? null : inHours(row - faultFrom))),
      later: visible.map((row) => (row === null || first === null ? null : inHours(rowOf(first) - row))),
    };
  } finally {
    scratch.remove();
  }
}

const show = (hours: number | null): string => (hours === null ? "-" : hours.toFixed(1)).padStart(7);
const nameFault = (fault: WeekPlan["fault"]): string =>
  fault === null ? "healthy" : `${fault.kind}, ${fault.growth}`;

function describeWeek(name: string, { early, first, visible, later }: WeekOutcome): string {
  const heard = first === null ? "" : `  ${first.failureMode}, ${first.lane}, ${first.severity}`;
  return `${name.padEnd(40)}${`${early}`.padStart(6)}${visible.map(show).join("")}${later.map(show).join("")}${heard}`;
}

function describeAll(outcomes: readonly WeekOutcome[]): string[] {
  const faulty = outcomes.filter(({ fault }) => fault !== null);
  const healthy = outcomes.filter(({ fault }) => fault === null);
  const raised = faulty.filter(({ first }) => first !== null);
  const right = raised.filter(({ fault, first }) => first!.failureMode === fault!.kind);
  const lines = [
    `${healthy.filter(({ early }) => early > 0).length} of ${healthy.length} healthy weeks raise; of ${faulty.length} with a fault ` +
      `${faulty.filter(({ early }) => early > 0).length} raise early, ${raised.length} raise it, ${right.length} by its kind`,
  ];
  for (const [at, height] of heights.entries()) {
    const seen = faulty.filter(({ visible }) => visible[at] !== null);
    if (seen.length === 0) continue;
    const later = seen
      .map((each) => each.later[at] ?? Number.POSITIVE_INFINITY)
      .sort((one, other) => one - other);
    lines.push(
      `from ${height} times on: ${later.filter((hours) => hours <= 2).length} of ${seen.length} within two hours, ` +
        `half within ${later[later.length >> 1]?.toFixed(1)} h, nine of ten within ${later[Math.floor(0.9 * later.length)]?.toFixed(1)} h`,
    );
  }
  return lines;
}

function noWeek(text: string): never {
  throw new Error(`--only ${text}: no week's line has that`);
}

if (!existsSync(join(dataFolder, "ims", "index.json"))) {
  process.stdout.write(`skipped, there is no ${join(dataFolder, "ims")}; set AURORA_DATA\n`);
} else {
  await withBundle(options.bundle, async (bundle) => {
    const outcomes: WeekOutcome[] = [];
    process.stdout.write(
      `${"week".padEnd(40)} early  ${heights.map((height) => `visible ${height}`).join(" ")}  later\n`,
    );
    for (const channel of await readHealthyChannels(dataFolder)) {
      for (const fault of faults) {
        for (let seed = 1; seed <= Number(options.seeds); seed++) {
          const name = `${channel.point}, ${seed}: ${nameFault(fault)}`;
          if (!name.includes(options.only)) continue;
          const outcome = await playWeek(bundle, { channel, fault, seed });
          outcomes.push(outcome);
          process.stdout.write(`${describeWeek(name, outcome)}\n`);
        }
      }
    }
    if (outcomes.length === 0) refuseWrong(() => noWeek(options.only));
    process.stdout.write(`\n${describeAll(outcomes).join("\n")}\n`);
  });
}
