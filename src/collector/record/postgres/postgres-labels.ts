/**
 * Numbers of the model versions and failure modes of predictions, in PostgreSQL, where each is kept once and for all: a
 * gateway may be the first to name only so many a day.
 */
import type { PredictionBatch } from "../../../core/contract/uplink-record.ts";
import type { RecordFault, StorableRecord } from "../fleet-record.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { countUse, type Refused, type SentRecord } from "./postgres-use.ts";
import { columnsOf, encodeArray } from "./postgres-values.ts";

/** Labels that are remembered with their numbers. */
const maxLabels = 10_000;

/** A label that the tables may not know yet, and the records of it. */
interface UnknownLabel {
  readonly version: string;
  /** Failure modes, as the text of an array. */
  readonly modes: string;
  readonly sent: SentRecord[];
}

/**
 * Creates the check. It makes the labels that there are not, apart from the transaction of a batch, so that a number that is
 * known is one that the table has.
 */
export function createLabelCheck(
  database: PostgresDatabase,
): (sent: readonly SentRecord[], refused: Refused) => Promise<ReadonlyMap<StorableRecord, number>> {
  const known = new Map<string, number>();
  return async (sent, refused) => {
    const numbers = new Map<StorableRecord, number>();
    const unknown = new Map<string, UnknownLabel>();
    for (const each of sent) {
      const { record } = each;
      if (record.kind !== "prediction-batch") continue;
      const name = nameLabel(record);
      const number = known.get(name);
      if (number !== undefined) {
        numbers.set(record, number);
        continue;
      }
      const label = unknown.get(name);
      const modes = label?.modes ?? encodeArray(record.failureModes);
      if (label === undefined) unknown.set(name, { version: record.modelVersion, modes, sent: [each] });
      else label.sent.push(each);
    }
    if (unknown.size === 0) return numbers;
    if (known.size > maxLabels) known.clear();
    const learn = (found: ReadonlyMap<string, number>): void => {
      for (const [name, number] of found) {
        known.set(name, number);
        for (const { record } of unknown.get(name)!.sent) numbers.set(record, number);
        unknown.delete(name);
      }
    };
    learn(await findLabels(database, unknown));
    if (unknown.size === 0) return numbers;
    for (const [name, fault] of await makeLabels(database, unknown)) {
      for (const { record } of unknown.get(name)!.sent) refused.set(record, fault);
      unknown.delete(name);
    }
    learn(await findLabels(database, unknown));
    return numbers;
  };
}

/** A model's version and failure modes as one text; none of them holds a NUL character. */
function nameLabel({ modelVersion, failureModes }: PredictionBatch): string {
  return `${modelVersion}\u0000${failureModes.join("\u0000")}`;
}

type Labels = ReadonlyMap<string, UnknownLabel>;

/** Numbers of those that there are. */
async function findLabels(database: PostgresDatabase, labels: Labels): Promise<ReadonlyMap<string, number>> {
  const rows = await database.rows(
    `SELECT place, id FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS label (version, modes, place)
     JOIN prediction_label ON model_version = version AND failure_modes = modes::text[]`,
    columnsOf([...labels.values()], "version", "modes"),
  );
  const names = [...labels.keys()];
  return new Map(rows.map(({ place, id }) => [names[Number(place) - 1]!, Number(id)]));
}

/** Makes labels; gives those that are beyond the bound of whoever is the first to name them. */
async function makeLabels(
  database: PostgresDatabase,
  labels: Labels,
): Promise<ReadonlyMap<string, RecordFault>> {
  return database.transaction(async (session) => {
    const counted = [...labels.values()].map(({ sent }) => ({
      each: sent[0]!,
      dailyClass: "labels" as const,
    }));
    const beyond = await countUse(session, counted);
    const refused = new Map<string, RecordFault>();
    const taken = new Map<string, UnknownLabel>();
    for (const [name, label] of labels) {
      const fault = beyond.get(label.sent[0]!);
      if (fault === undefined) taken.set(name, label);
      else refused.set(name, fault);
    }
    await session.run(
      `INSERT INTO prediction_label (model_version, failure_modes)
       SELECT version, modes::text[] FROM unnest($1::text[], $2::text[]) AS label (version, modes)
       ORDER BY version, modes ON CONFLICT DO NOTHING`,
      columnsOf([...taken.values()], "version", "modes"),
    );
    return refused;
  });
}
