/** Topic names against topic filters, as MQTT 5 section 4.7 defines them. */

/** Does `topic` match `filter` (`+`, `#`, and `$share/<group>/<filter>`)? Wildcards do not match a leading `$`. */
export function topicMatches(filter: string, topic: string): boolean {
  const wanted = unshareFilter(filter).split("/");
  const levels = topic.split("/");
  if (levels[0]?.startsWith("$") === true && (wanted[0] === "+" || wanted[0] === "#")) return false;
  for (const [index, level] of wanted.entries()) {
    if (level === "#") return true;
    if (index >= levels.length) return false;
    if (level !== "+" && level !== levels[index]) return false;
  }
  return wanted.length === levels.length;
}

/** Is every topic that `inner` can match also matched by `outer`? For access lists of subscriptions. */
export function filterCovers(outer: string, inner: string): boolean {
  const allowed = outer.split("/");
  const asked = inner.split("/");
  if (asked[0]?.startsWith("$") === true && (allowed[0] === "+" || allowed[0] === "#")) return false;
  for (const [index, level] of allowed.entries()) {
    if (level === "#") return true;
    const other = asked[index];
    if (other === undefined || other === "#") return false;
    if (level !== "+" && level !== other) return false;
  }
  return allowed.length === asked.length;
}

/** Can a topic match both filters? That wildcards do not match a leading `$` is left out: it says yes rather than no. */
export function filtersMeet(one: string, other: string): boolean {
  const levels = one.split("/");
  const theirs = other.split("/");
  for (const [index, level] of levels.entries()) {
    const met = theirs[index];
    if (level === "#" || met === "#") return true;
    if (met === undefined || (level !== "+" && met !== "+" && level !== met)) return false;
  }
  return theirs.length === levels.length || theirs[levels.length] === "#";
}

/** Is it a shared subscription (MQTT 5 section 4.8.2)? */
export function isSharedFilter(filter: string): boolean {
  return filter.startsWith("$share/");
}

function unshareFilter(filter: string): string {
  return isSharedFilter(filter) ? filter.split("/").slice(2).join("/") : filter;
}
