/** `aurora drift report|diff|explain`: what a collector says of drift, in words or as its API says it. */

import { Command, InvalidArgumentError, Option } from "commander";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { DriftPerformanceReply } from "../../core/contract/drift-performance-schema.ts";
import { readDriftDay } from "../../core/drift/drift-day.ts";
import { sayCollector } from "../ask/ask-collector.ts";
import { loadGatewayConfig } from "../ask/ask-gateway.ts";
import { askGatewayDrift } from "../ask/ask-gateway-drift.ts";
import { addCollectorOptions } from "../ask/collector-options.ts";
import {
  askHistory,
  askNews,
  askPerformance,
  askVerdicts,
  type DriftHistory,
  mostDaysAsked,
  parsePoint,
} from "../drift/ask-drift.ts";
import { diffDays } from "../drift/diff-days.ts";
import { renderDriftDays } from "../drift/render-days.ts";
import { renderDayDiff } from "../drift/render-diff.ts";
import { parseInteger } from "../terminal/options.ts";
import { printJson, printReply, printWords } from "../terminal/print-reply.ts";
import { renderDriftExplanation, renderDriftReport, renderGatewayDrift } from "../terminal/render-drift.ts";
import { renderPerformance } from "../terminal/render-performance.ts";

interface DriftFlags {
  readonly collector: string;
  readonly site?: string;
  readonly turbine?: string;
  readonly day?: string;
  readonly days?: number;
  readonly json?: boolean;
  readonly config?: string;
}

const dayWords = "YYYY-MM-DD; of a shorter period its start, YYYY-MM-DDTHH:MMZ";

export function driftCommand(): Command {
  return new Command("drift")
    .addCommand(reportCommand())
    .addCommand(diffCommand())
    .addCommand(explainCommand())
    .addHelpText(
      "after",
      `
Once a day each point is held against its own past: the days that it was healthy on, at the same
loads. A day is then stable, a warning or drift. A point is learning until it has enough days; it is
paused while its turbine does not operate; and of a day of which too little was heard nothing is
said. That a machine is unlike those that a model was trained on is no drift: a turbine's page shows
it as information.

Example:
  $ aurora drift report --collector https://collector.example
  $ aurora drift explain WT07/generator-bearing`,
    );
}

function reportCommand(): Command {
  return addCollectorOptions(new Command("report"))
    .description("what moved on a day, on which points, since when, and what speaks for it")
    .option("--site <id>", "only this site")
    .option("--turbine <id>", "only this turbine")
    .option("--day <day>", `${dayWords} (default: the newest that was assessed)`, parseDay)
    .option(
      "--days <n>",
      `the last 1 to ${mostDaysAsked} days up to it, too: by site and turbine, with --turbine by column`,
      parseInteger(1, mostDaysAsked),
    )
    .addOption(
      new Option(
        "-c, --config <file>",
        "ask the gateway of this configuration instead, at a site without a collector",
      ).conflicts(["collector", "site", "day", "days"]),
    )
    .addHelpText(
      "after",
      `
Points that one cause moved are told once. Unless the collector is configured otherwise a healthy
point's day is called drift once in a thousand days, and a warning once in a hundred
(drift.falsePerPointDay, drift.warningsPerPointDay), so that a large fleet has some warnings on any
day; those of a single day mean little. Below it stands how well the models decide: what confirmed
outcomes say, and an estimate from their own probabilities, of the first hundred points, with its
assumption; where that is broken, why nothing is estimated.
--json prints what /api/v1/drift/verdicts answers, all parts of it in one, and as "performance" what
/api/v1/drift/performance does (null before the first assessed day); with --days as "history" what
/api/v1/drift/days answers of the days, and with --turbine the verdicts of those on which it moved.
A gateway says what it found last by itself, with
less beside it than a collector.

Example:
  $ aurora drift report
  $ aurora drift report --days 14
  $ aurora drift report --site north-sea --day 2026-11-19 --json
  $ aurora drift report --config /etc/aurora/gateway.yaml`,
    )
    .action(async (flags: DriftFlags) => {
      if (flags.config !== undefined) {
        const standings = await askGatewayDrift(loadGatewayConfig(flags.config), flags.turbine);
        return printReply(flags.json, standings, () => renderGatewayDrift(standings));
      }
      if (flags.json === true) await printVerdicts(flags);
      else await printNews(flags);
    });
}

async function printVerdicts(flags: DriftFlags): Promise<void> {
  const reply = await askVerdicts(flags, Date.now());
  const { performance, history } = await askBeside(flags, reply.verdicts.length === 0 ? null : reply.day);
  printJson({ ...reply, performance, ...(flags.days === undefined ? {} : { history }) });
}

async function printNews(flags: DriftFlags): Promise<void> {
  const news = await askNews(flags, Date.now());
  const isEmpty = news.verdicts.length + news.stable === 0;
  const { performance, history } = await askBeside(flags, isEmpty ? null : news.day);
  printWords(
    renderDriftReport(news, sayCollector(flags.collector)) +
      (history === null ? "" : renderDriftDays(history)) +
      (performance === null ? "" : renderPerformance(performance)),
  );
}

/** What a report tells beside the verdicts of a day. Without a day there is nothing that could speak against an estimate. */
async function askBeside(
  flags: DriftFlags,
  day: string | null,
): Promise<{ readonly performance: DriftPerformanceReply | null; readonly history: DriftHistory | null }> {
  if (day === null) return { performance: null, history: null };
  const performance = await askPerformance(flags, day);
  const { days } = flags;
  return { performance, history: days === undefined ? null : await askHistory({ ...flags, day }, days) };
}

function diffCommand(): Command {
  return addCollectorOptions(new Command("diff"))
    .description("what changed between two days: levels, models, and which columns moved or came back")
    .argument("<day1>", `the earlier day: ${dayWords}`, parseDay)
    .argument("<day2>", "the later day", parseDay)
    .option("--site <id>", "only this site")
    .option("--turbine <id>", "only this turbine")
    .addHelpText(
      "after",
      `
Before and after a repair, a change of grease or an update, this says which points became another
one. A point of which the same is said on both days is only counted.

Example:
  $ aurora drift diff 2026-11-16 2026-11-19 --turbine WT07`,
    )
    .action(async (day1: string, day2: string, flags: DriftFlags) => {
      if (Date.parse(day1) > Date.parse(day2)) {
        throw new AuroraError("USAGE", `${day1} is later than ${day2}`, {
          op: "compare days of drift",
          hint: `Give the earlier day first: aurora drift diff ${day2} ${day1}${sayCollector(flags.collector)}`,
        });
      }
      const nowMs = Date.now();
      const before = await askVerdicts({ ...flags, day: day1 }, nowMs);
      const after = await askVerdicts({ ...flags, day: day2 }, nowMs);
      const diff = diffDays(before, after);
      printReply(flags.json, diff, () => renderDayDiff(diff));
    });
}

function explainCommand(): Command {
  return addCollectorOptions(new Command("explain"))
    .description("all that one verdict rests on: loads, days, columns, distances with their intervals")
    .argument("<point>", "TURBINE/COMPONENT, or SITE/TURBINE/COMPONENT")
    .option("--day <day>", `${dayWords} (default: the newest that was assessed)`, parseDay)
    .addHelpText(
      "after",
      `
A column is a feature, a level in dB or a score of the model. How far it moved is said in its own
unit at equal loads, and over what is usual from day to day. PSI, Kolmogorov-Smirnov, Wasserstein
and Jensen-Shannon measure how far the day's distribution lies from the reference's; the verdict
does not rest on them. A point that is learning has no verdict yet: then its day of learning is
said.
--json prints what /api/v1/drift/verdicts answers, of this point alone.

Example:
  $ aurora drift explain WT07/generator-bearing --day 2026-11-19`,
    )
    .action(async (name: string, flags: DriftFlags) => {
      const op = "explain drift";
      const reply = await askVerdicts({ ...flags, ...parsePoint(name, op) }, Date.now());
      const sites = [...new Set(reply.verdicts.map(({ site }) => site))];
      if (sites.length > 1) {
        throw new AuroraError("USAGE", `${name} is at ${sites.length} sites: ${sites.join(", ")}`, {
          op,
          hint: `Name the site, too: ${sites[0]}/${name}`,
        });
      }
      printReply(flags.json, reply, () => renderDriftExplanation(reply));
    });
}

/** A day as the collector names it; that it has been is not checked here. */
function parseDay(text: string): string {
  if (readDriftDay(text) === null) throw new InvalidArgumentError(`It must be a day, ${dayWords}.`);
  return text;
}
