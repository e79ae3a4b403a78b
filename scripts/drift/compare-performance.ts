/** Table of performance without outcomes: our estimate and NannyML's CBPE, on the same probabilities of Elec2, week by week. */
import { dataFolder } from "../../test/support/data-folder.ts";
import { type AskPeers, type ComparisonTable, mean } from "./peer-answer.ts";
import { readElec2Cases, runWeeks, type WeekSetting } from "./performance-trials.ts";

/** Without the file of Elec2 the table is empty. */
export async function comparePerformance(ask: AskPeers): Promise<ComparisonTable> {
  const header = [
    "tool",
    "weeks estimated",
    "interval holds the truth",
    "mean error",
    "silent",
    "mean error if it spoke",
  ];
  const title = "Accuracy without outcomes: Elec2, 59 weeks after learning and calibration";
  const elec2 = readElec2Cases(dataFolder);
  if (elec2 === null) return { title, header, rows: [] };
  const setting: WeekSetting = {
    seed: 1,
    calibration: elec2.calibration,
    casesPerUnit: { decided: 24, reliability: 24 },
    confirmedShare: 0.05,
  };
  const ours = [
    { name: "ours, a twentieth of the outcomes confirmed", trial: runWeeks(elec2.weeks, setting) },
    {
      name: "ours, no outcome ever confirmed",
      trial: runWeeks(elec2.weeks, { ...setting, confirmedShare: 0 }),
    },
  ].map(({ name, trial }) => [
    name,
    String(trial.estimates),
    `${trial.covered} of ${trial.estimates}`,
    trial.meanError.toFixed(3),
    String(trial.silent),
    trial.meanErrorOfSilent?.toFixed(3) ?? "–",
  ]);
  const truth = elec2.weeks.map((week) =>
    mean(week.map(({ probability, isFault }) => Number(probability >= 0.5 === isFault))),
  );
  const question = {
    chunk: elec2.weeks[0]!.length,
    calibration: elec2.calibration,
    cases: elec2.weeks.flat(),
  };
  const theirs = (await ask("peer_performance", question)).map(({ name, value, low, high }) => {
    const held = truth.filter((share, week) => share >= low[week]! && share <= high[week]!).length;
    const error = mean(truth.map((share, week) => Math.abs(share - value[week]!)));
    return [name, String(truth.length), `${held} of ${truth.length}`, error.toFixed(3), "0", "–"];
  });
  return { title, header, rows: [...ours, ...theirs] };
}
