/** Keys as people spell them, in one spelling. */

/** A key without case, separators and unit: `Ball_Diameter_mm` → `balldiameter`. */
export function plainKey(key: string): string {
  return key
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .replace(/(mm|deg|degrees)$/, "");
}
