/** The physical evidence of a fault in words for people who read spectra. */
import type {
  EvidenceLine,
  EvidenceRange,
  LineOrder,
  PhysicalEvidence,
} from "../contract/physical-evidence.ts";

const spacingNames: Readonly<Record<LineOrder, string>> = {
  shaft: "the shaft's speed",
  ftf: "the cage's speed",
  bpfo: "the outer race's order",
  bpfi: "the inner race's order",
  bsf: "the rolling element's order",
};

/** What side bands are spaced by: "the shaft's speed". */
export function nameSpacing(spacing: LineOrder): string {
  return spacingNames[spacing];
}

/** `2×`. */
export function nameHarmonic(harmonic: number): string {
  return `${harmonic}×`;
}

/** `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** What {@link writeEvidence} tells beside it. */
interface ToldFault {
  /** Of the bearing. */
  readonly part: string;
  /** Names of the harmonics that stand out on harmonics of the shaft. */
  readonly shaded: readonly string[];
}

/** What {@link writeEvidence} tells of. */
type Told = Omit<PhysicalEvidence, "sentence" | "rival" | "harmonics" | "sideBands">;

/**
 * For example "Lines near 1× and 2× the outer race's order (found at 89.1 and 178.2 Hz at 1500 rpm; by the bearing's data 89.6 and
 * 179.1 Hz), 14 and 9 dB above their neighbours (noise alone: 4 and 6), 12 and 8 dB above this machine when healthy, no side bands; since
 * 2026-11-20 02:10:00 UTC, over 10 windows at 1380 to 1510 rpm; against it: 3× does not stand out of the noise."
 */
export function writeEvidence(told: Told, { part, shaded }: ToldFault): string {
  const harmonics = told.lines.filter(({ kind }) => kind === "harmonic");
  const found = harmonics.filter(({ isFound }) => isFound);
  const onShaft = harmonics.filter(({ name }) => shaded.includes(name));
  const lead =
    found.length > 0
      ? `${found.length === 1 ? "A line" : "Lines"} near ${describeHarmonics(found, part)}`
      : onShaft.length > 0
        ? `What stands out near ${describeHarmonics(onShaft, part)}, lies on ${onShaft.length === 1 ? "a harmonic" : "harmonics"} of the shaft`
        : `No line stands out at ${describeHarmonics(harmonics, part)}`;
  const { against } = told;
  const doubts =
    against.length > 0
      ? `against it: ${against.join("; ")}`
      : "nothing that was looked for speaks against it";
  const band = told.band === undefined ? "" : `, in the ${told.band} band`;
  return `${lead}, ${describeSideBands(told.lines)}${band}; ${describeTime(told)}; ${doubts}.`;
}

/** `1× and 2× the outer race's order (found at 89.1 …), 14 and 9 dB above their neighbours …`. */
function describeHarmonics(lines: readonly EvidenceLine[], part: string): string {
  const of = (write: (line: EvidenceLine) => string): string => joinWords(lines.map(write));
  const where = `${of(({ harmonic }) => nameHarmonic(harmonic))} the ${part}'s order`;
  const heard = `${of(({ dbAboveNeighbours }) => formatDb(dbAboveNeighbours))} dB above ${lines.length === 1 ? "its" : "their"} neighbours`;
  const noise = `(noise alone: ${of(({ noiseDb }) => formatDb(noiseDb))})`;
  const known = lines.every(({ dbAboveHealthy }) => dbAboveHealthy !== null);
  const healthy = known
    ? `${of(({ dbAboveHealthy }) => formatDb(dbAboveHealthy!))} dB above this machine when healthy`
    : "not compared with this machine when healthy";
  return `${where} (${describePlaces(lines)}), ${heard} ${noise}, ${healthy}`;
}

/**
 * Where the lines were found and where the bearing's data puts them, which may be a per cent apart: a place is never told without
 * which of both it is.
 */
function describePlaces(lines: readonly EvidenceLine[]): string {
  const first = lines[0]!;
  const at = `at ${Math.round((first.hertz / first.order) * 60)} rpm`;
  const nominal = joinHertz(lines.map(({ hertz }) => hertz));
  const found = lines.flatMap(({ measuredHertz }) => measuredHertz ?? []);
  if (found.length === 0) return `${nominal} by the bearing's data ${at}`;
  const others = lines.filter(({ measuredHertz }) => measuredHertz === undefined);
  const unplaced =
    others.length === 0
      ? ""
      : `, ${joinWords(others.map(({ harmonic }) => nameHarmonic(harmonic)))} not placed`;
  return `found at ${joinHertz(found)} ${at}${unplaced}; by the bearing's data ${nominal}`;
}

/** `89.1 and 178.2 Hz`. */
function joinHertz(hertz: readonly number[]): string {
  return `${joinWords(hertz.map((each) => each.toFixed(1)))} Hz`;
}

function describeSideBands(lines: readonly EvidenceLine[]): string {
  const declared = lines.filter(({ kind }) => kind === "side-band");
  if (declared.length === 0) return "side bands not looked for";
  const found = declared.filter(({ isFound }) => isFound);
  if (found.length === 0) return "no side bands";
  const words = found.map(
    ({ harmonic, spacing, dbAboveNeighbours }) =>
      `${nameSpacing(spacing!)} beside ${nameHarmonic(harmonic)} (${formatDb(dbAboveNeighbours)} dB)`,
  );
  return `side bands at ${joinWords(words)}`;
}

/** `2026-01-31 06:00:00 UTC`, of a time by RFC 3339. */
export function formatSince(since: string): string {
  return `${since.slice(0, 10)} ${since.slice(11, 19)} UTC`;
}

function describeTime({ since, windows, speedRpm, loadKw }: Told): string {
  const begun = since === undefined ? "" : `since ${formatSince(since)}, `;
  const load = loadKw === undefined ? "" : ` and ${formatRange(loadKw)} kW`;
  return `${begun}over ${windows} ${windows === 1 ? "window" : "windows"} at ${formatRange(speedRpm)} rpm${load}`;
}

/** `1380 to 1510`. */
export function formatRange({ min, max }: EvidenceRange): string {
  const [low, high] = [min, max].map((value) => `${Math.round(value)}`.replace("-", "−"));
  return low === high ? low! : `${low} to ${high}`;
}

/** A true minus sign, and no "−0". */
function formatDb(db: number): string {
  const rounded = Math.round(db);
  return rounded < 0 ? `−${-rounded}` : `${Math.abs(rounded)}`;
}
