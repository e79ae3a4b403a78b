/**
 * Retrains a recipe from nothing on each of the published bearing-wise splits and judges the int8 student on bearings
 * that it has not seen. `tuning` (folds 1 to 3) is for choosing; `evaluation` (100 splits) for reporting, once.
 */
import { join } from "node:path";
import { createRandom } from "../../../../core/maths/random.ts";
import {
  type CwruSplit,
  divideCwruWaveforms,
  readCwruEvaluationSplits,
  readCwruTuningSplits,
} from "../../../dataset/cwru-splits.ts";
import { type Spread, summariseSpread } from "../../../judge/metrics.ts";
import { openTensorTrainer } from "../../../learn/open-tensor-trainer.ts";
import { trainStudent } from "../../../learn/train-student.ts";
import type { EvaluationContext } from "../../../recipe.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { fingerprintCwru, joinRows, readCwruRows, selectSignals } from "../learn/cwru-rows.ts";
import { deriveTying } from "../learn/derive-tying.ts";
import { type TrialResult, type TrialRows, tryTerms } from "../learn/try-terms.ts";
import { type Judgement, judgeLogistic, judgeStudent } from "./judge-student.ts";

/** Which splits. */
export type CwruProtocol = "cwru-100" | "cwru-tuning";

/** Macro AUROC (inner race, outer race, ball; one window one case) over the splits. */
export interface ProtocolResult {
  readonly splits: number;
  readonly int8: Spread;
  readonly float: Spread;
  readonly teacher: Spread | null;
  readonly logistic: Spread;
  readonly physics: Spread | null;
  /** Mean of int8 − physics over the splits, and the share of splits in which int8 is ahead. */
  readonly gainOverPhysics: { readonly mean: number; readonly shareAhead: number } | null;
  readonly perSplit: readonly (Judgement & { readonly name: string; readonly logistic: number })[];
  /** On the tuning folds: what the recipe's optional terms would change. */
  readonly trials?: readonly TrialResult[];
  readonly dataSha256: string;
  readonly trainer: string;
}

/** Runs the protocol; features are computed once. Fails with DATA_MISSING, DATA_FORMAT or TRAINING. */
export async function runCwruProtocol(
  config: BearingConfig,
  protocol: CwruProtocol,
  options: EvaluationContext,
): Promise<ProtocolResult> {
  const dir = join(options.dataDir, "cwru");
  const trainer = await openTensorTrainer(options.log);
  const tying = deriveTying(config.features, config.hypotheses);
  const modes = config.hypotheses.map((hypothesis) => hypothesis.failureMode);
  const data = await readCwruRows(options.dataDir, {
    window: config.window,
    trainingHop: config.trainingHop,
    features: config.features,
    noiseLevels: config.noiseLevels,
    seed: config.seed,
    refused: [],
    progress: (done, total) => options.progress(done, total, "recordings read"),
  });
  const waveforms = data.signals.map((signal) => signal.waveform);
  const splits =
    protocol === "cwru-100"
      ? await readCwruEvaluationSplits(dir)
      : await readCwruTuningSplits(dir, waveforms);
  const rowsOf = (split: CwruSplit): TrialRows => {
    const part = divideCwruWaveforms(waveforms, split);
    return {
      name: split.name,
      train: joinRows(selectSignals(data.signals, part.train), "training", modes),
      test: joinRows(selectSignals(data.signals, part.test), "served", modes),
    };
  };
  const perSplit: (Judgement & { readonly name: string; readonly logistic: number })[] = [];
  for (const [index, split] of splits.entries()) {
    const { train, test } = rowsOf(split);
    const random = createRandom(config.seed).fork(split.name);
    const student = trainStudent(train, tying, config.recipe, trainer, random);
    const judgement = judgeStudent(student, test, config.features, config.hypotheses);
    const logistic = judgeLogistic(train, test, tying, config.recipe, trainer, random.fork("logistic"));
    perSplit.push({ name: split.name, ...judgement, logistic });
    options.progress(index + 1, splits.length, "splits trained and judged");
  }
  const spread = (pick: (each: (typeof perSplit)[number]) => number | null): Spread | null => {
    const values = perSplit.map(pick);
    return values.includes(null) ? null : summariseSpread(values as number[]);
  };
  const gains = perSplit.map((each) => each.int8 - (each.physics ?? Number.NaN));
  return {
    splits: perSplit.length,
    int8: spread((each) => each.int8)!,
    float: spread((each) => each.float)!,
    teacher: spread((each) => each.teacher),
    logistic: spread((each) => each.logistic)!,
    physics: spread((each) => each.physics),
    gainOverPhysics: gains.some(Number.isNaN)
      ? null
      : {
          mean: summariseSpread(gains).value,
          shareAhead: gains.filter((gain) => gain > 0).length / gains.length,
        },
    perSplit,
    ...(protocol === "cwru-100"
      ? {}
      : {
          trials: tryTerms(splits.map(rowsOf), tying, config.recipe, config.seed, trainer, options),
        }),
    dataSha256: await fingerprintCwru(options.dataDir),
    trainer: `${trainer.name} ${trainer.version}`,
  };
}
