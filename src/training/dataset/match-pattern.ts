/** Names that fit a pattern in which `*` stands for any run of characters. */

/** Whether `text` fits `pattern`; linear in both, whatever they hold. */
export function matchesPattern(text: string, pattern: string): boolean {
  const parts = pattern.split("*");
  const last = parts.length - 1;
  let at = 0;
  for (const [index, part] of parts.entries()) {
    if (index === last && last > 0) return text.length - at >= part.length && text.endsWith(part);
    const found = index === 0 ? (text.startsWith(part) ? 0 : -1) : text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at === text.length;
}
