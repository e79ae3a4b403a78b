/** The first steps of every training on recordings: what is there, what keeps the data contract, and the rows of it. */
import type { RecordingSet } from "../../../dataset/recordings/recording-set.ts";
import type { StepOutput, StepRunner } from "../../../pipeline/step-runner.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { type ContractReport, checkContract } from "./check-contract.ts";
import { type InventedRows, inventRows } from "./invented-rows.ts";
import { type RecordedRows, readRecordedRows } from "./recorded-rows.ts";

/** The share of a configuration that says how recordings become rows. */
type RowsConfig = Pick<
  BearingConfig,
  "channels" | "window" | "trainingHop" | "features" | "noiseLevels" | "seed" | "hypotheses" | "inventedRigs"
>;

/** What is there. */
export interface RecordedData {
  /** Of manifest and recordings, as `RecordingSet.fingerprint` has it. */
  readonly fingerprint: string;
}

interface TrainingRows {
  readonly data: StepOutput<RecordedData>;
  readonly contract: StepOutput<ContractReport>;
  readonly rows: StepOutput<RecordedRows>;
  readonly invented: StepOutput<InventedRows>;
}

interface RowsLook {
  readonly steps: StepRunner;
  /** Called with the rows before anything that takes long: throws where nothing can be learnt of them. */
  readonly look: (rows: RecordedRows) => void;
}

/**
 * Holds the recordings against the data contract, and cuts windows and features of those that it does not refuse, and of
 * invented rigs. Fails with DATA_MISSING or DATA_FORMAT, and as `look` does.
 */
export async function readTrainingRows(
  config: RowsConfig,
  set: RecordingSet,
  { steps, look }: RowsLook,
): Promise<TrainingRows> {
  const data = await steps.look("data", async () => ({ fingerprint: await set.fingerprint() }));
  const { channels, window, trainingHop, features, noiseLevels, seed, hypotheses } = config;
  const contract = await steps.run("contract", { config: channels, from: [data] }, (own) =>
    checkContract(set, own),
  );
  // The range of a channel says what a count is worth.
  const cut = { channels, window, trainingHop, features, noiseLevels, seed, hypotheses };
  const rows = await steps.run("features", { config: cut, from: [data, contract] }, (own, progress) =>
    readRecordedRows(set, { ...own, refused: contract.value.refused, progress }),
  );
  look(rows.value);
  const { inventedRigs } = config;
  const invented = await steps.run(
    "features",
    { part: "invented", config: { window, trainingHop, features, inventedRigs }, from: [] },
    inventRows,
  );
  return { data, contract, rows, invented };
}
