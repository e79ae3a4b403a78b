/** Names that fit a pattern in which `*` stands for any run of characters. */

/** Whether `text` fits `pattern`. */
export function matchesPattern(text: string, pattern: string): boolean {
  return captureStars(text, pattern) !== null;
}

/** What each `*` of `pattern` stands for in `text`, as little as possible each; null where it does not fit. Linear in both, whatever they hold. */
export function captureStars(text: string, pattern: string): readonly string[] | null {
  const [head = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return text === head ? [] : null;
  if (!text.startsWith(head)) return null;
  const captures: string[] = [];
  let at = head.length;
  for (const [index, literal] of rest.entries()) {
    const isLast = index === rest.length - 1;
    // What stands between two `*` is taken where it comes first.
    const found = isLast ? text.length - literal.length : text.indexOf(literal, at);
    if (found < at || (isLast && !text.endsWith(literal))) return null;
    captures.push(text.slice(at, found));
    at = found + literal.length;
  }
  return captures;
}
