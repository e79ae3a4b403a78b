/** Semantic versions: order (semver.org 2.0.0 §11) and ranges (`>=1.2.0 <2.0.0`, `^1.2.0`, `~1.2.0`, `||`, `*`). */
import { semverPattern } from "../contract/bundle/manifest.ts";

/** Negative if `left` comes before `right`, 0 if equal, positive if after. @throws RangeError for no version. */
export function compareVersions(left: string, right: string): number {
  const a = parseVersion(left);
  const b = parseVersion(right);
  for (let index = 0; index < 3; index++) {
    const difference = a.numbers[index]! - b.numbers[index]!;
    if (difference !== 0) return difference;
  }
  return comparePrerelease(a.prerelease, b.prerelease);
}

/**
 * Is `version` within `range`? A range is alternatives joined by `||`, each of them comparators joined by blanks.
 * Unlike npm's, a prerelease is compared plainly: 1.0.0-rc.1 lies within `>=0.9.0 <1.0.0`.
 * @throws RangeError for a range that cannot be understood.
 */
export function satisfiesRange(version: string, range: string): boolean {
  return range
    .split("||")
    .map((alternative) => alternative.trim().split(/\s+/))
    .map((comparators) => comparators.map((comparator) => satisfies(version, comparator)).every(Boolean))
    .some(Boolean);
}

function satisfies(version: string, comparator: string): boolean {
  if (comparator === "*") return true;
  const match = /^(>=|<=|>|<|=|\^|~)?(.+)$/.exec(comparator);
  const bound = match?.[2] ?? "";
  if (!semverPattern.test(bound)) throw new RangeError(`"${comparator}" is not a version comparator`);
  const order = compareVersions(version, bound);
  switch (match?.[1] ?? "=") {
    case ">=":
      return order >= 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case "<":
      return order < 0;
    case "^":
      return order >= 0 && compareVersions(version, nextBreaking(bound)) < 0;
    case "~":
      return order >= 0 && compareVersions(version, nextMinor(bound)) < 0;
    default:
      return order === 0;
  }
}

/** First version that `^` excludes: the leftmost number that is not 0 goes up. */
function nextBreaking(version: string): string {
  const [major, minor, patch] = parseVersion(version).numbers as [number, number, number];
  if (major > 0) return `${major + 1}.0.0-0`;
  return minor > 0 ? `0.${minor + 1}.0-0` : `0.0.${patch + 1}-0`;
}

function nextMinor(version: string): string {
  const [major, minor] = parseVersion(version).numbers as [number, number, number];
  return `${major}.${minor + 1}.0-0`;
}

function parseVersion(text: string): { numbers: readonly number[]; prerelease: readonly string[] } {
  const match = semverPattern.exec(text);
  if (match === null) throw new RangeError(`"${text}" is not a semantic version`);
  return {
    numbers: [match[1], match[2], match[3]].map(Number),
    prerelease: match[4] === undefined ? [] : match[4].slice(1).split("."),
  };
}

/** A version without prerelease is after one with; identifiers: numbers before words, numbers by value. */
function comparePrerelease(left: readonly string[], right: readonly string[]): number {
  if (left.length === 0 || right.length === 0) return right.length - left.length;
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const a = left[index];
    const b = right[index];
    if (a === undefined) return -1;
    if (b === undefined) return 1;
    if (a === b) continue;
    const aIsNumber = /^\d+$/.test(a);
    const bIsNumber = /^\d+$/.test(b);
    if (aIsNumber && bIsNumber) return Number(a) - Number(b);
    if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
    return a < b ? -1 : 1;
  }
  return 0;
}
