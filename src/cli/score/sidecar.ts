/** What a file does not say of itself: rate, shaft speed, scale, bearing, channel; as options of a command. */
import { type Command, InvalidArgumentError } from "commander";
import { type BearingOrders, bearingOrdersSchema } from "../../contract/bearing.ts";
import { parseNumber } from "../parse-number.ts";

/** The options as commander gives them. */
export interface SidecarFlags {
  readonly rateHz: number;
  readonly shaftRpm: number;
  readonly bearing: BearingOrders;
  readonly scale?: number;
  readonly channel?: string;
}

/** What is known of a file's samples. */
export interface Sidecar {
  readonly rateHz: number;
  readonly shaftRpm: number;
  readonly bearing: BearingOrders;
  /** Physical value (in the bundle's unit) of the file's number 1; null: not given. */
  readonly scale: number | null;
}

/** Adds the options to `command`. */
export function addSidecarOptions(command: Command): Command {
  return command
    .requiredOption("--rate-hz <hz>", "samples a second", parseNumber(1, 10_000_000))
    .requiredOption("--shaft-rpm <rpm>", "speed of the bearing's shaft", parseNumber(0.001, 100_000))
    .requiredOption(
      "--bearing <orders>",
      "fault frequencies in multiples of shaft speed: bpfo=..,bpfi=..,bsf=..,ftf=.. (bsf: twice the ball's spin)",
      parseBearing,
    )
    .option(
      "--scale <value>",
      "value of the file's number 1 in the bundle's unit (g)",
      parseNumber(1e-12, 1e12),
    )
    .option(
      "--channel <name|index>",
      "name of a column or variable (* stands for anything), or an index from 0",
    );
}

/** How numbers are read, for the end of `--help`. */
export const sidecarHelp: string = `
Files: .npy (int16, float32 or float64; one-dimensional, or channels × samples) and .csv (comma-separated, with or
without a line of names), .mat (level 5; a vector, name:2 for a channel of a matrix) and .parquet. They may be larger
than memory. int16, and whole numbers that come with --scale, are taken
as the converter's counts. Other numbers are quantised to int16 as a device would: a first pass finds the file's peak
(with --scale at most the bundle's range), which becomes count 32,000. With --scale, data outside the bundle's data
contract is set aside with the windows that need it, as on the gateway. Without it nobody knows the unit: no range is
held against the numbers, which does no harm, because no feature of a bearing depends on the level.`;

/** Parses `bpfo=..,bpfi=..,bsf=..,ftf=..`. */
export function parseBearing(text: string): BearingOrders {
  const parts = text.split(",").map((part) => part.split("="));
  const orders = Object.fromEntries(
    parts.map(([key, value]) => [
      (key ?? "").trim(),
      value === undefined || value.trim() === "" ? Number.NaN : Number(value),
    ]),
  );
  const parsed = bearingOrdersSchema.safeParse(orders);
  if (parsed.success && parts.length === 4) return parsed.data;
  const issue = parsed.error?.issues[0];
  const where = issue === undefined ? "" : ` (${issue.path.join(".")} ${issue.message})`;
  throw new InvalidArgumentError(
    `Write all four once, such as bpfo=3.5848,bpfi=5.4152,bsf=4.7135,ftf=0.39828${where}.`,
  );
}
