/**
 * A shaft that turns far otherwise than stated, among the lines of a spectrum: at one spacing stand the first harmonics, the
 * loudest low line among them, and at the stated one stands nothing. Says null wherever another shaft, a gear or the mains could
 * be it: a doubt that is raised in vain is worth less than none.
 */
import { combReach, measureAway, type SpectrumLine } from "./shaft-comb.ts";

/** Spacings that are believed, as a share of the stated one: beyond lie the ratios of gears, and twice a speed. */
const fewestShare = 0.75;
const mostShare = 1.34;
/** Harmonics that are low, of which so many stand. */
const lowHarmonics = 4;
const fewestHarmonics = 3;
/** Turns below which lines are counted. */
const lowTurns = 3.5;
/** By so much the loudest of a comb's lines is above all others that are low; a logarithm of powers, 6 dB. */
const clearAbove = Math.log(4);
/** Share of a harmonic of the stated speed within which no line may stand, and harmonics that are looked at. */
const statedReach = 0.02;
const statedHarmonics = 3;

interface Place {
  readonly turnBins: number;
  readonly resolution: number;
  readonly isMasked: (bin: number) => boolean;
}

/** The spacing of such a comb as a share of `turnBins`. */
export function findFarShare(lines: readonly SpectrumLine[], place: Place): number | null {
  for (let harmonic = 1; harmonic <= statedHarmonics; harmonic++) {
    const stated = harmonic * place.turnBins;
    if (lines.some(({ bin }) => Math.abs(bin / stated - 1) <= statedReach)) return null;
  }
  const found = listLoudShares(lines, place).filter((share) => Math.abs(share - 1) > combReach);
  return found.length === 1 ? found[0]! : null;
}

/** As {@link findFarShare}, near the stated speed as well, and whatever stands at it. */
export function findLoudShare(lines: readonly SpectrumLine[], place: Place): number | null {
  const found = listLoudShares(lines, place);
  return found.length === 1 ? found[0]! : null;
}

function listLoudShares(lines: readonly SpectrumLine[], { turnBins, resolution, isMasked }: Place): number[] {
  const low = lines.filter(({ bin }) => bin < lowTurns * turnBins && !isMasked(bin));
  return low.flatMap(({ bin }) => {
    const share = bin / turnBins;
    if (share < fewestShare || share > mostShare) return [];
    const own = lines.filter((line) => measureAway(line.bin, { spacing: bin, resolution }) <= 1);
    const harmonics = new Set(
      own.map((line) => Math.round(line.bin / bin)).filter((each) => each <= lowHarmonics),
    );
    if (!harmonics.has(2) || harmonics.size < fewestHarmonics) return [];
    const other = low.filter((line) => !own.includes(line));
    const loudest = (of: readonly SpectrumLine[]) => Math.max(...of.map(({ height }) => height));
    const above = loudest(low.filter((line) => own.includes(line))) - loudest(other);
    return above < clearAbove ? [] : [share];
  });
}
