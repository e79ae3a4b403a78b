/** Parsed YAML or JSON as a mapping of keys, or not: the first question to any value that somebody wrote. */

export type Fields = Readonly<Record<string, unknown>>;

/** Is it a mapping of keys? */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The mapping that it is; none of any key where it is something else. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** A cell or key that says nothing: not there, null, or an empty text (as a table has it). */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}
