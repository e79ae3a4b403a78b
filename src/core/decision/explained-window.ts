/**
 * Is all that speaks for a failure mode in a window explained by what is not the machine's bearing, so that it is no evidence over hours
 * either? Of lines that are known to stand still it is. Other hum, and lines of the shaft, a reference has learnt, but a hum passes from one
 * fault's place to another's as the speed changes: at a speed that was not learnt nobody knows what it does to a mode, nor where the mode
 * was learnt without it.
 */
import type { OutputClass } from "../contract/bundle/manifest.ts";
import type { SiteBaseline } from "../contract/site-baseline.ts";
import { isBeyond } from "./reference/learnt-speeds.ts";

/** Failure modes that a window says nothing of but by what is not the machine's bearing. */
export interface ForeignModes {
  /** Failure modes for which nothing but foreign lines speaks, of the mains or the shaft; absent: none, or not known. */
  readonly foreignModes?: readonly string[] | undefined;
  /** Of these those for which nothing but hum and what stands still speaks; absent: none, or not known. */
  readonly humModes?: readonly string[] | undefined;
  /** Of these those of which every line is known to stand still, whatever the speed; absent: none, or not known. */
  readonly steadyModes?: readonly string[] | undefined;
}

/** What is known of the window. */
interface ForeignWindow extends ForeignModes {
  readonly baseline: SiteBaseline | null;
  readonly doubted?: SiteBaseline | null | undefined;
  readonly shaftRpm: number;
}

/** Is the evidence of a mode, the output at `place`, explained in this window? */
export function isExplained(
  mode: string,
  place: number,
  { baseline, doubted = null, shaftRpm, foreignModes, humModes, steadyModes }: ForeignWindow,
): boolean {
  if (steadyModes?.includes(mode) === true) return true;
  const reference = baseline ?? doubted;
  if (foreignModes?.includes(mode) !== true || reference === null) return false;
  if (isBeyond(shaftRpm, reference.shaftRpm)) return true;
  const { unlearntRpm = [] } = baseline?.margins[place] ?? doubted?.margins[place] ?? {};
  return humModes?.includes(mode) === true && unlearntRpm.some((speeds) => !isBeyond(shaftRpm, speeds));
}

/** Places of the outputs of these modes. */
export function placeModes(
  modes: readonly string[] | undefined,
  outputs: readonly OutputClass[],
): readonly number[] {
  return modes === undefined || modes.length === 0
    ? noPlaces
    : outputs.flatMap(({ failureMode }, place) => (modes.includes(failureMode) ? [place] : []));
}

const noPlaces: readonly number[] = [];
