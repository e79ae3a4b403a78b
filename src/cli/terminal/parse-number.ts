/** Numbers among the options of a command. */
import { InvalidArgumentError } from "commander";

/** Parser of an option that is a number from `min` to `max`; anything else is wrong usage. */
export function parseNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** As {@link parseNumber}, and whole. */
export function parseInteger(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = parseNumber(min, max)(text);
    if (!Number.isInteger(value)) throw new InvalidArgumentError("It must be a whole number.");
    return value;
  };
}
