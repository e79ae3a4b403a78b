/** Text from a file or the wire as it may be shown on a terminal. Nothing here adds colours: that is done afterwards. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be shown
const unprintable = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** What would move a terminal's cursor, change its colours or turn the direction of its text shows as �; lines stay. */
export function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(unprintable, "\ufffd");
}

/** A text in quotes, as JSON and YAML write it; it is read back as it was, whatever is in it. */
export function printableQuoted(text: string): string {
  const toEscape = (character: string): string =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replace(unprintable, toEscape);
}

/** The same of what is one line: it forges no other. */
export function printableLine(text: string): string {
  return printable(text).replaceAll("\n", "\ufffd");
}

/** A value of JSON all of whose texts may be shown. */
export function printableValue<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, each: unknown) =>
    typeof each === "string" ? printable(each) : each,
  ) as T;
}
