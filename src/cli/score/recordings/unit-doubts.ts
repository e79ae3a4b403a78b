/** What is doubtful about the units of recordings, in words for stderr; of files that are alike the first is named. */
import type { OpenedRecording } from "./open-recording.ts";

/** Collects doubts, as recordings are opened. */
interface UnitDoubts {
  look(recording: OpenedRecording): void;
  list(): readonly string[];
  /** Does anything say what this file's numbers are worth? */
  isKnown(path: string): boolean;
}

/** Creates a collection without any. */
export function createUnitDoubts(): UnitDoubts {
  const files = new Map<string, Set<string>>();
  const unknown = new Set<string>();
  return {
    look: ({ file, fileScale, quantisation }) => {
      if (fileScale.scale === null) unknown.add(file.path);
      const isUnknown = fileScale.scale === null && fileScale.otherUnit === null;
      const doubt = (isUnknown ? doubtNumbers(file, quantisation) : null) ?? sayDoubt(fileScale);
      if (doubt !== null) files.set(doubt, (files.get(doubt) ?? new Set()).add(file.path));
    },
    list: () =>
      [...files].map(([doubt, [first, ...others]]) => {
        const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
        return `${first}${more} ${doubt}`;
      }),
    isKnown: (path) => !unknown.has(path),
  };
}

const highestCount = 32_767;
/** More g than accelerometers for machines take. */
const mostGravities = 10_000;
const noGravities =
  "holds numbers that are too large to be g: counts of a converter, perhaps; --scale says what one is worth, and until then its level says nothing";

const noUnit =
  "holds whole numbers and nothing says what one is worth: they are taken for g; --scale says it, and until then its level says nothing";

/** Of a file of which nothing says what its numbers are worth. */
function doubtNumbers(
  { isCounts, isWhole }: OpenedRecording["file"],
  { scale, countsPerNumber }: OpenedRecording["quantisation"],
): string | null {
  if (isCounts) return sayCounts(scale * countsPerNumber);
  // Of a file without any vibration no scale says anything, and its numbers are taken as they are.
  if (countsPerNumber === 1) return null;
  if (isWhole === true) return noUnit;
  return scale * highestCount > mostGravities ? noGravities : null;
}

/** `ofOne` is what a count is taken for, in g. */
function sayCounts(ofOne: number): string {
  const full = Math.round((highestCount + 1) * ofOne);
  return `holds int16 and nothing says what one is worth: they are taken for a converter's of ±${full} g; --scale says it, and until then its level says nothing`;
}

function sayDoubt({ overruled, otherUnit, unreadUnit, scale }: OpenedRecording["fileScale"]): string | null {
  if (overruled !== null) {
    return `says ${overruled} itself, and what is said of it beside that counts instead`;
  }
  if (unreadUnit !== null) {
    const taken = scale === null ? "its numbers are" : "its scale is";
    return `says ${JSON.stringify(unreadUnit)} where a unit stands, which is none that is known: ${taken} taken for g; --unit or --scale says what they are worth`;
  }
  if (otherUnit === null) return null;
  return `is in ${otherUnit}, which is no acceleration: kinds of fault are told from its lines, its level says nothing`;
}
