/** `train.yaml` of a normal-behaviour bundle: which columns, which residuals, how the student learns, how inspections are chosen. */
import { z } from "zod";
import {
  type InspectionPolicy,
  inspectionPolicyShape,
  listComponents,
  type NormalBehaviourSpec,
  type ResidualStatistics,
  residualStatisticsSchema,
  type SensorGuardSpec,
  type SiteCorrectionSpec,
  sensorGuardSchema,
  siteCorrectionSchema,
} from "../../../core/contract/bundle/normal-behaviour.ts";
import { plainName } from "../../../core/contract/bundle/plain-name.ts";
import { suggestWord } from "../../../core/contract/config/config-finding.ts";
import { createScalarExtractor } from "../../../core/features/scalar-extractor.ts";
import { checkDatasetChannels } from "../../dataset/scada/check-dataset-channels.ts";
import { type ScadaTableDataset, scadaTableSchema } from "../../dataset/scada/table-config.ts";
import { type RegressionRecipe, regressionRecipeShape } from "../../learn/student-recipe.ts";
import { checkCommonConfig, complainTo } from "../check-config.ts";
import { type CommonConfig, commonConfigShape } from "../common-config.ts";

interface ResidualConfig {
  readonly channel: string;
  readonly title: string;
  readonly component: string;
  readonly siblings: string | null;
}

/** Normal operation; the power curve itself is fitted. */
interface OperationConfig {
  readonly limits: NormalBehaviourSpec["operation"]["limits"];
  readonly windChannel: string;
  readonly powerChannel: string;
  readonly minRatio: number;
  readonly maxRatio: number;
  /** Width of the wind bins whose median power makes the curve. */
  readonly binWidth: number;
}

/** How a turbine stands, and how often stops are invented where it ran. */
export interface InventedStops {
  /** How often the whole series is lived through, each time with other stops. */
  readonly copies: number;
  /** Mean days between stops that are put where the turbine ran. */
  readonly everyDays: number;
  /** Shortest and longest of these; their logarithm is uniform between them. */
  readonly minMinutes: number;
  readonly maxMinutes: number;
  /** Lowest and highest reading of a channel while the turbine stands; the others read as they did. */
  readonly standing: Readonly<Record<string, readonly [number, number]>>;
}

export interface ScadaStudentRecipe extends RegressionRecipe {
  /** Days before a logged failure of the turbine that nothing is learnt from: fitting on them hides the fault. */
  readonly excludeDays: number;
  /** Standard deviation of the noise of invented rows, which the teacher alone answers; 0 = none are invented. */
  readonly inventedNoise: number;
  /** Stops that are invented for the student's lessons, which the teacher alone answers; absent = none. */
  readonly inventedStops?: InventedStops | undefined;
  /** Rows that the ranges of the activations are calibrated on, spread evenly over all turbines and seasons. */
  readonly calibrationRows: number;
}

/** The policy but for what is fitted: rates come from the logbook, worth from the costs. */
export interface PolicyConfig extends Omit<InspectionPolicy, "components"> {
  /** Failures of one pair within so many days are one event: a repair that did not help is no second chance to learn a rate. */
  readonly eventDays: number;
  /** Weight of the mean rate of all components, in units of the data's own exposure: few failures make no rate. */
  readonly poolingWeight: number;
  /** Mean of lead / longest lead that an inspection in time is credited with. */
  readonly meanLeadShare: number;
}

/** Days (UTC) inside the train period. */
export interface TuningDays {
  /** Begins of stretches, each judged by a student that learnt before it; rising. */
  readonly stretches: readonly string[];
  /** First decision, and first failure that counts. */
  readonly from: string;
  readonly countsFrom: string;
  /** The student itself is judged from here on. */
  readonly student: string;
}

/** Least failures detected and gain, most inspections. */
export interface RequiredFigures {
  readonly detected?: number | undefined;
  readonly gainEur?: number | undefined;
  readonly inspections?: number | undefined;
}

export interface ScadaRecipeConfig extends CommonConfig {
  readonly dataset: ScadaTableDataset;
  readonly residuals: readonly ResidualConfig[];
  readonly operation: OperationConfig;
  readonly siteCorrection: SiteCorrectionSpec;
  readonly statistics: ResidualStatistics;
  readonly guard: SensorGuardSpec;
  readonly policy: PolicyConfig;
  readonly recipe: ScadaStudentRecipe;
  /** The protocol by which a recipe is chosen without a look at test data; absent: there is none. */
  readonly tuning?: TuningDays | undefined;
  /** What is asked of the inspections on the test period; absent: nothing but what is asked of every student. */
  readonly required?: RequiredFigures | undefined;
  /** Every time that anybody has looked at the test half-year, in words. */
  readonly testLooks: readonly string[];
}

const day = z.string().regex(/^\d{4}-\d\d-\d\d$/, "a day such as 2026-08-20");
const share = z.number().min(0).max(1);
const days = z.number().positive().max(3660);

const recipe: z.ZodType<ScadaStudentRecipe> = z.strictObject({
  ...regressionRecipeShape,
  excludeDays: z.number().min(0).max(366),
  inventedNoise: z.number().min(0).max(4),
  inventedStops: z
    .strictObject({
      copies: z.int().min(1).max(10),
      everyDays: days,
      minMinutes: z.number().positive().max(1_000_000),
      maxMinutes: z.number().positive().max(1_000_000),
      standing: z.record(plainName, z.tuple([z.number(), z.number()])),
    })
    .refine(
      ({ minMinutes, maxMinutes }) => minMinutes <= maxMinutes,
      "the shortest stop is longer than the longest",
    )
    .optional(),
  calibrationRows: z.int().min(100).max(100_000),
});

/** Validator of {@link ScadaRecipeConfig}; unknown keys are refused. */
export const scadaConfigSchema: z.ZodType<ScadaRecipeConfig> = z
  .strictObject({
    ...commonConfigShape,
    dataset: scadaTableSchema,
    residuals: z
      .array(
        z.strictObject({
          channel: plainName,
          title: z.string().max(256),
          component: plainName,
          siblings: plainName.nullable(),
        }),
      )
      .min(1)
      .max(32),
    operation: z.strictObject({
      limits: z.array(z.strictObject({ channel: plainName, min: z.number(), max: z.number() })).max(32),
      windChannel: plainName,
      powerChannel: plainName,
      minRatio: z.number().min(0),
      maxRatio: z.number().positive(),
      binWidth: z.number().positive(),
    }),
    siteCorrection: siteCorrectionSchema(),
    statistics: residualStatisticsSchema(),
    guard: sensorGuardSchema(),
    policy: z.strictObject({
      ...inspectionPolicyShape(),
      // A round of part of a day, or thousands of inspections, is a slip of the pen.
      roundDays: z.int().min(1).max(366),
      perRound: z.int().min(1).max(1000),
      eventDays: days,
      poolingWeight: z.number().positive().max(100),
      meanLeadShare: share,
    }),
    recipe,
    tuning: z
      .strictObject({ stretches: z.array(day).min(1).max(64), from: day, countsFrom: day, student: day })
      .optional(),
    required: z
      .strictObject({
        detected: z.number().min(0).optional(),
        gainEur: z.number().optional(),
        inspections: z.number().min(0).optional(),
      })
      .optional(),
    testLooks: z.array(z.string().max(4096)).max(64),
  })
  .superRefine((config, context) => {
    const { dataset, channels, features, residuals, operation } = config;
    const { inventedStops } = config.recipe;
    const names = channels.map((each) => each.name);
    const complain = complainTo(context);
    checkCommonConfig(config, createScalarExtractor, complain);
    const expectChannel = (path: (string | number)[], channel: string): void => {
      if (!names.includes(channel))
        complain(path, `there is no channel ${channel}${suggestWord(channel, names)}`);
    };
    for (const [index, { params }] of features.chains.entries())
      if (typeof params.channel === "string")
        expectChannel(["features", "chains", index, "params", "channel"], params.channel);
    for (const channel of Object.keys(inventedStops?.standing ?? {}))
      expectChannel(["recipe", "inventedStops", "standing"], channel);
    for (const [index, { channel }] of residuals.entries())
      expectChannel(["residuals", index, "channel"], channel);
    for (const [index, { channel }] of operation.limits.entries())
      expectChannel(["operation", "limits", index, "channel"], channel);
    expectChannel(["operation", "windChannel"], operation.windChannel);
    expectChannel(["operation", "powerChannel"], operation.powerChannel);
    for (const { path, problem } of checkDatasetChannels(dataset, channels, listComponents({ residuals })))
      complain(["dataset", ...path], problem);
  });
