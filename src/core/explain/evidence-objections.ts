/** What speaks against a bearing fault in a spectrum that shows some of its lines: each as a clause without a full stop. */
import { bearingFaults, type FaultKind } from "../contract/bundle/bearing-fault.ts";
import type { EvidenceLine, LineOrder } from "../contract/physical-evidence.ts";
import type { StatedShafts } from "../contract/stated-shafts.ts";
import { joinWords, nameHarmonic, nameSpacing } from "./evidence-words.ts";
import { type FaultLine, isWithinReach } from "./fault-lines.ts";
import { type FaultPicture, type MeasuredLine, takeMiddle } from "./fault-picture.ts";
import { findNearestHum } from "./mains-hum.ts";
import {
  lineRevolutions,
  objectToHalfOrders,
  objectToPlace,
  objectToSpread,
  objectToWander,
  type PlacedFaults,
} from "./place-objections.ts";
import { findGearedLine } from "./shaft-lines.ts";
import { standsOnSupply } from "./supply-lines.ts";

/** The fault, as it is told, in the machine that has it. */
interface Accusation extends PlacedFaults, StatedShafts {
  /** The one of the others whose harmonics stand out most. */
  readonly rival: FaultPicture | null;
  /** The own lines as they are told. */
  readonly lines: readonly EvidenceLine[];
}

/** A rival whose lines stand out so little less explains the spectrum as well, dB. */
const rivalDb = 3;
/** What differs by less is told as the same, dB. */
const shownDb = 0.05;
/** Places are kept in single precision, orders. */
const roundingOrders = 1e-4;
/** A line that stands so little further out than when the machine was healthy is not new, dB. */
const newDb = 3;
/**
 * The side bands that a fault is expected to show, because it moves through the loaded part of the bearing (Randall &
 * Antoni, MSSP 25 (2011), 2.2): an inner race turns with the shaft, a rolling element with the cage; an outer race stands.
 */
const expectedSpacing: Readonly<Record<FaultKind, LineOrder | null>> = {
  "inner-race": "shaft",
  "outer-race": null,
  ball: "ftf",
};

/** Of a line that stands alone: neither more harmonics nor side bands say whose it is. */
const strangerHint =
  "which may be another bearing's or another maker's: compare its orders with the bearing fitted";

/** All objections, those that weigh most first. */
export function listObjections(accusation: Accusation): string[] {
  return [
    ...objectToSteadiness(accusation),
    ...objectToWander(accusation),
    ...objectToPlace(accusation),
    ...objectToTwin(accusation),
    ...objectToAbsent(accusation),
    ...objectToFlank(accusation),
    ...objectToSpread(accusation),
    ...objectToHum(accusation),
    ...objectToSupply(accusation),
    ...objectToHalfOrders(accusation),
    ...objectToRival(accusation),
    ...objectToOldLines(accusation),
    ...objectToSideBands(accusation),
    ...objectToShaft(accusation),
    ...objectToCoincidence(accusation),
  ];
}

/** Another fault whose first line lies so near that one place is searched for both: no line tells one from the other for sure. */
function objectToTwin({ own, pictures }: Accusation): string[] {
  const first = findFirst(own);
  return pictures.flatMap((other) => {
    if (!isTwin(own, other)) return [];
    const [ours, them] = [first, findFirst(other)].map((line) => line!.order.toFixed(2));
    return [
      `a fault of the ${bearingFaults[other.kind].part} has its lines at nearly the same places (order ${them}, this ${ours})`,
    ];
  });
}

function isTwin(own: FaultPicture, other: FaultPicture): boolean {
  const [first, theirs] = [findFirst(own), findFirst(other)];
  if (other.kind === own.kind || first === undefined || theirs === undefined) return false;
  return isWithinReach(first, theirs);
}

function findFirst({ harmonics }: FaultPicture): FaultLine | undefined {
  return harmonics.find(({ line }) => line.harmonic === 1)?.line;
}

/** What stands out on a harmonic of the shaft is neither found nor absent: {@link objectToShaft} tells of it. */
function objectToAbsent({ own: { harmonics, sideBands } }: Accusation): string[] {
  const absent = harmonics.filter(({ standsOut, isShaded }) => !standsOut && !isShaded);
  const standing = harmonics.filter(({ standsOut }) => standsOut);
  if (standing.length === 0) return [`none of ${harmonics.length} harmonics stands out of the noise`];
  if (absent.length === 0) return [];
  if (standing.length === 1 && standing[0]!.isFound) {
    const only = `only one of ${harmonics.length} harmonics stands out`;
    return [sideBands.some(({ standsOut }) => standsOut) ? only : `${only}, ${strangerHint}`];
  }
  return [`${listHarmonics(absent)} ${absent.length === 1 ? "does" : "do"} not stand out of the noise`];
}

/**
 * Where the highest bin lies at the search's end, and the next one beyond is higher, no line of the fault's own stands. Within the search
 * only what is passed over beside the shaft's harmonics ends it: there the line's top may lie.
 */
function objectToFlank({ own: { harmonics } }: Accusation): string[] {
  const ended = harmonics.filter(({ isFound, isFlank }) => isFound && isFlank);
  const cut = ended.filter(
    (each) => Math.abs(findEdge(each) - each.line.order) < each.line.reach - roundingOrders,
  );
  return [
    ...objectToBeyond(ended.filter((each) => !cut.includes(each))),
    ...cut.map((each) => {
      const shaft = nameHarmonic(Math.round(findEdge(each)));
      return `the top of what stands out near ${nameHarmonic(each.line.harmonic)} lies in what is passed over beside ${shaft} the shaft's speed`;
    }),
  ];
}

/** Where a flank is seen, in the middle one of the windows. */
function findEdge({ places }: MeasuredLine): number {
  return takeMiddle(places.filter((place) => place < 0).map((place) => -place));
}

function objectToBeyond(flanks: readonly MeasuredLine[]): string[] {
  if (flanks.length === 0) return [];
  const what = flanks.length === 1 ? "is the flank of a line" : "are flanks of lines";
  const where = flanks.length === 1 ? "it is" : "they are";
  return [`what stands out near ${listHarmonics(flanks)} ${what} beyond where ${where} looked for`];
}

/** What keeps its hertz whatever the speed is no fault of what turns at it. */
function objectToSteadiness({ own: { harmonics } }: Accusation): string[] {
  const steady = harmonics.filter(
    ({ steadyRpm, measuredHertz }) => steadyRpm !== null && measuredHertz !== null,
  );
  if (steady.length === 0) return [];
  const keeps = `${listHarmonics(steady)} ${steady.length === 1 ? "keeps" : "keep"}`;
  const hertz = joinWords(steady.map(({ measuredHertz }) => measuredHertz!.toFixed(1)));
  const rpms = steady.flatMap(({ steadyRpm }) => [steadyRpm!.min, steadyRpm!.max]);
  const [from, to] = [Math.min(...rpms), Math.max(...rpms)].map(Math.round);
  return [
    `${keeps} ${hertz} Hz while the speed goes ${from} to ${to} rpm: a fault's would move with it, if the speed is stated rightly`,
  ];
}

/** A hum keeps its frequency and a fault its order; at one speed they cannot be told from each other. */
function objectToHum({ own: { harmonics }, lines, polePairs }: Accusation): string[] {
  const humming = harmonics.filter((each) => isHumming(each) && !isSupplied(each, polePairs));
  return [false, true].flatMap((isFlank) =>
    sayHum(
      humming.filter((each) => each.isFlank === isFlank),
      { lines, isFlank },
    ),
  );
}

/** Of a flank the top, which may be the hum, is not seen. */
function sayHum(
  humming: readonly MeasuredLine[],
  { lines, isFlank }: Pick<Accusation, "lines"> & { readonly isFlank: boolean },
): string[] {
  if (humming.length === 0) return [];
  const isOne = humming.length === 1;
  const hertz = humming.map(({ line }) => {
    const told = lines.find(({ name }) => name === line.name);
    return findNearestHum(told?.measuredHertz ?? told?.hertz ?? Number.NaN, line.harmonic);
  });
  const where = joinWords(hertz.map((each) => `${each}`));
  const flank = isOne ? "may be the flank of" : "may be flanks of";
  const what = isFlank ? flank : isOne ? "stands on" : "stand on";
  return [`${listHarmonics(humming)} ${what} the mains' hum (${where} Hz)`];
}

/** An inverter's supply changes its frequency with the speed, but for what the rotor slips. */
function objectToSupply({ own: { harmonics }, polePairs }: Accusation): string[] {
  const supplied = harmonics.filter((each) => isHumming(each) && isSupplied(each, polePairs));
  if (supplied.length === 0) return [];
  const stand = supplied.length === 1 ? "stands" : "stand";
  const pairs = polePairs === 1 ? "1 pole pair" : `${polePairs} pole pairs`;
  return [
    `${listHarmonics(supplied)} ${stand} where twice the supply's frequency of a motor with ${pairs} does, or a multiple of it`,
  ];
}

function isHumming({ isFound, isHum }: MeasuredLine): boolean {
  return isFound && isHum;
}

function isSupplied({ line, measuredOrder }: MeasuredLine, polePairs: number | undefined): boolean {
  return polePairs !== undefined && standsOnSupply(measuredOrder ?? line.order, line.reach, polePairs);
}

function objectToRival({ own, rival }: Accusation): string[] {
  // One of which no line is found explains nothing.
  if (rival === null || !rival.harmonics.some(({ isFound }) => isFound)) return [];
  if (own.excessDb - rival.excessDb >= rivalDb) return [];
  const { part } = bearingFaults[rival.kind];
  const isStronger = rival.excessDb - own.excessDb >= shownDb;
  const [theirs, ours] = [rival.excessDb, own.excessDb].map((db) => db.toFixed(1).replace("-", "−"));
  return [
    `the lines of the ${part} stand out ${isStronger ? "further" : "nearly as far"} (${theirs} dB above noise on average, these ${ours})`,
  ];
}

function objectToOldLines({ lines }: Accusation): string[] {
  const old = lines.filter(
    ({ kind, isFound, dbAboveHealthy }) =>
      kind === "harmonic" && isFound && dbAboveHealthy !== null && dbAboveHealthy < newDb,
  );
  if (old.length === 0) return [];
  const names = joinWords(old.map(({ harmonic }) => nameHarmonic(harmonic)));
  return [`${names} stood out nearly as far when this machine was healthy`];
}

function objectToSideBands({ own: { kind, sideBands } }: Accusation): string[] {
  const spacing = expectedSpacing[kind];
  const expected = sideBands.filter(({ line }) => line.spacing === spacing);
  if (spacing === null || expected.length === 0 || expected.some(({ isFound }) => isFound)) return [];
  const { part } = bearingFaults[kind];
  return [`no side bands at ${nameSpacing(spacing)}, which a damaged ${part} usually shows`];
}

/** A line on a harmonic of the shaft cannot be told from it; one beside it may be its skirt, or it, where the stated speed is wrong. */
function objectToShaft({ own: { harmonics }, revolutions, gearedShafts = [] }: Accusation): string[] {
  const reach = lineRevolutions / revolutions;
  return harmonics.flatMap(({ line: { harmonic, order }, isFound, isShaded, isShaft, measuredOrder }) => {
    const found = measuredOrder === null ? "" : `, found at ${measuredOrder.toFixed(2)}`;
    const place = measuredOrder ?? order;
    const where = `${nameHarmonic(harmonic)} (order ${order.toFixed(2)}${found})`;
    const shaft = `${nameHarmonic(Math.round(place))} the shaft's speed`;
    if (isShaded) return [`${where} lies on ${shaft}, where no fault can be told`];
    if (!isFound) return [];
    const geared = isShaft ? findGearedLine(place, gearedShafts) : null;
    if (geared !== null) return [`what stands out near ${where} may be ${nameGeared(geared)}`];
    if (Math.abs(place - Math.round(place)) < reach) return [`${where} lies beside ${shaft}`];
    return isShaft ? [`what stands out near ${where} may be ${shaft}`] : [];
  });
}

function nameGeared({ turns, harmonic }: NonNullable<ReturnType<typeof findGearedLine>>): string {
  return `${nameHarmonic(harmonic)} the geared shaft's speed (${Number(turns.toFixed(3))} turns a turn)`;
}

/**
 * A line that is searched where another fault has one, too. Worth saying only of a fault whose first harmonic is there, or
 * where nothing else speaks for this one: bearings have many coincidences.
 */
function objectToCoincidence({ own, pictures }: Accusation): string[] {
  const found = own.harmonics.filter(({ isFound }) => isFound);
  const others = pictures.filter((other) => other.kind !== own.kind && !isTwin(own, other));
  return found.flatMap(({ line }) => {
    const sources = others
      .filter(
        ({ harmonics }) =>
          found.length === 1 || harmonics.some((each) => each.isFound && each.line.harmonic === 1),
      )
      .flatMap((other) =>
        [...other.harmonics, ...other.sideBands].flatMap((each) => nameIfWithin(each, other, line)),
      );
    const where = `${nameHarmonic(line.harmonic)} (order ${line.order.toFixed(2)})`;
    return sources.length === 0
      ? []
      : [`${where} is searched where ${joinWords(sources.slice(0, 3))} may lie`];
  });
}

function nameIfWithin(
  { line }: MeasuredLine,
  { kind }: FaultPicture,
  own: Pick<MeasuredLine["line"], "order" | "reach">,
): string[] {
  const name = `${nameHarmonic(line.harmonic)} the ${bearingFaults[kind].part}`;
  return line.searched
    .filter((order) => Math.abs(order - own.order) <= own.reach)
    .map((order) => {
      const beside =
        line.spacing === null ? "" : ` ${order > line.order ? "+" : "−"} ${nameSpacing(line.spacing)}`;
      return `${name}${beside} (${order.toFixed(2)})`;
    });
}

function listHarmonics(measured: readonly MeasuredLine[]): string {
  return joinWords(measured.map(({ line }) => nameHarmonic(line.harmonic)));
}
