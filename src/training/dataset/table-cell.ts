/** What a cell of a table says: a text or a number, in whatever form a CSV or a Parquet file holds it. */

/** The cell as trimmed text; "" where there is none. */
export function parseText(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint"
    ? `${value}`.trim()
    : "";
}

/** The cell as a number; NaN where it is empty or none. `decimal` parts the fraction of a number in a text. */
export function parseCellNumber(value: unknown, decimal: "." | ","): number {
  if (typeof value === "string") {
    const text = decimal === "," ? value.replace(",", ".").trim() : value.trim();
    return text === "" ? Number.NaN : Number(text);
  }
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : Number.NaN;
}
