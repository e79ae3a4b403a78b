/**
 * For which failure modes a point's windows show nothing but lines that are not its bearing's: hum and lines of the shaft, as a window
 * shows by itself, and lines that keep their hertz whatever the speed, as its windows show together. Keeps nothing over a restart.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { FaultKind } from "../contract/bundle/bearing-fault.ts";
import type { FeatureWindow, ForeignLines } from "../contract/stream.ts";
import type { CutSpecs } from "./fault-lines.ts";
import { noForeignLines } from "./foreign-lines.ts";
import { type ForeignCount, listForeignKinds, shareKindLineCounter } from "./foreign-modes.ts";
import { createHeardElsewhere, type HeardMoment } from "./heard-elsewhere.ts";
import { createSteadyLines } from "./steady-lines.ts";

/** What it says of a window. */
interface ForeignWindow {
  /** Failure modes for which nothing but foreign lines speaks, be they of hum, of the shaft, or steady. */
  readonly foreignModes: readonly FaultKind[];
  /** Of these those for which nothing but hum and what is steady speaks. */
  readonly humModes: readonly FaultKind[];
  /** Of these those of which every line is steady, or also hum where the kind was not to be heard at other speeds. */
  readonly steadyModes: readonly FaultKind[];
}

/** Watches one point, from window to window. */
export interface ForeignWatch {
  update(window: FeatureWindow): ForeignWindow;
  /** In the last window the machine was heard to run: only then does a kind that did not show there say anything. */
  noteHeard(): void;
}

/** Of a point of which nothing was heard. */
export function createForeignWatch(cut: CutSpecs, bearing: BearingOrders): ForeignWatch {
  return new LineWatch(cut, bearing);
}

class LineWatch implements ForeignWatch {
  readonly #count: ReturnType<typeof shareKindLineCounter>;
  readonly #steadyLines: ReturnType<typeof createSteadyLines>;
  readonly #elsewhere = createHeardElsewhere();
  /** What was found in the last window, until it is known whether the machine was heard. */
  #last: (HeardMoment & { readonly found: readonly ForeignCount[] }) | null = null;

  constructor(cut: CutSpecs, bearing: BearingOrders) {
    this.#count = shareKindLineCounter(cut, bearing);
    this.#steadyLines = createSteadyLines(cut.features);
  }

  noteHeard(): void {
    if (this.#last !== null) this.#elsewhere.note(this.#last, this.#last.found);
    this.#last = null;
  }

  update(window: FeatureWindow): ForeignWindow {
    const { foreignLines, upperForeignLines, toMs, shaftRpm } = window;
    const { lower, upper } = this.#steadyLines.update(window);
    const countBeside = (own?: ForeignLines, upperOwn?: ForeignLines): readonly ForeignCount[] =>
      this.#count({
        ...window,
        foreignLines: addSteady(lower, own),
        upperForeignLines: addSteady(upper, upperOwn),
      });
    const found = countBeside(foreignLines, upperForeignLines);
    this.#last = { toMs, shaftRpm, found };
    const foreignModes = listForeignKinds(found);
    if (foreignModes.length === 0) return noForeign;
    const steadyModes = listForeignKinds(countBeside());
    const humModes = listForeignKinds(countBeside(humOf(foreignLines), humOf(upperForeignLines)));
    const silentModes = this.#elsewhere.listSilent(window);
    return {
      foreignModes,
      humModes,
      steadyModes: humModes.filter((mode) => steadyModes.includes(mode) || silentModes.includes(mode)),
    };
  }
}

function humOf({ hum } = noForeignLines): ForeignLines {
  return { hum, shaft: noForeignLines.shaft };
}

/** What stands still beside the machine is foreign, and has no side bands of the slip's as hum has. */
function addSteady(columns: readonly number[], { hum, shaft } = noForeignLines): ForeignLines {
  return { hum, shaft: columns.concat(shaft) };
}

const noModes: readonly FaultKind[] = [];
const noForeign: ForeignWindow = { foreignModes: noModes, humModes: noModes, steadyModes: noModes };
