/** `recordings.yaml` and `train.yaml` of guessed recordings: short, with a comment wherever somebody has to say what no name says. */
import { stringify } from "yaml";
import type { BearingOrders } from "../../core/contract/bundle/bearing.ts";
import type { SidecarFlags } from "../score/sidecar/sidecar-options.ts";
import type { EvidenceNote } from "./evidence-notes.ts";
import type { GuessedEntry, GuessedRecordings } from "./guess-recordings.ts";

/** What holds for all recordings, as options say it. */
export interface StatedForAll extends Omit<SidecarFlags, "bearings" | "bearing"> {
  readonly bearing?: BearingOrders | undefined;
}

/** Stands where only the author knows what to write; whoever reads the manifest refuses it. */
const unsaid = "TODO";

interface RenderedAbout {
  readonly about: string;
  /** Does every file, or what lies beside it, say its rate? */
  readonly hasRates: boolean;
  /** Of evidence. */
  readonly notes: ReadonlyMap<string, EvidenceNote>;
}

export function renderManifest(
  { entries, unlabelled }: GuessedRecordings,
  stated: StatedForAll,
  { about, hasRates, notes }: RenderedAbout,
): string {
  const line = (key: string, value: unknown, missing: string): string =>
    value === undefined ? `# ${missing}` : `${key}: ${inline(value)}`;
  const { rateHz, shaftRpm, unit, scale, channel, bearing, polePairs, gearedShafts } = stated;
  return [
    "# Recordings to learn from: every entry is a file, or a pattern of files, with the label of the bearing that it listens to",
    "# (healthy, faulty, inner-race, outer-race or ball) and the physical machine that it is of. What stands above `recordings` holds",
    "# for all entries that say nothing else; a NAME.json beside a file, or an index.json in its folder, may say it too.",
    `about: ${inline(about)}`,
    "",
    line(
      "rateHz",
      rateHz,
      hasRates
        ? "rateHz: the files say it, or what lies beside them"
        : "rateHz: 25600          # samples a second, for files that do not say it",
    ),
    line(
      "rpm",
      shaftRpm,
      "rpm: 1500              # the shaft of the bearing, for files that do not say it; or speed: CHANNEL where it changes ({channel: tacho, pulses: 1} of a tachometer)",
    ),
    line(
      "unit",
      unit,
      "unit: g                # of the files' numbers: g or m/s2; without it levels and severity cannot be learnt",
    ),
    ...(scale === undefined ? [] : [`scale: ${scale}`]),
    ...(polePairs === undefined ? [] : [`polePairs: ${polePairs}`]),
    ...(gearedShafts === undefined ? [] : [`gearedShafts: ${inline(gearedShafts)}`]),
    ...(channel === undefined ? [] : [`channel: ${inline(channel)}`]),
    line(
      "bearing",
      bearing,
      "bearing: { balls: 9, ball_diameter: 7.94, pitch_diameter: 39.04, contact_angle: 0 }   # or bpfo, bpfi, bsf; for files that do not say it",
    ),
    "",
    ...(entries.some(({ label, machine }) => label === null || machine === null)
      ? [
          "# TODO: no name says it for sure, or two contradict each other. Write the label, or the physical machine: its recordings stay on one side of a split.",
        ]
      : []),
    "recordings:",
    ...entries.map(renderEntry),
    ...(unlabelled.length === 0
      ? []
      : [
          `  # Nothing says what these ${unlabelled.length} show; list them with a label, or leave them out:`,
          ...unlabelled.slice(0, maxUnlabelled).map((file) => renderUnlabelled(file, notes.get(file))),
          ...(unlabelled.length > maxUnlabelled
            ? [`  # … and ${unlabelled.length - maxUnlabelled} more`]
            : []),
        ]),
    "",
  ].join("\n");
}

/** Of more than these only the number is said. */
const maxUnlabelled = 50;

function renderEntry({ file, files, label, machine, note }: GuessedEntry): string {
  const remark = note === undefined ? (files > 1 ? `   # ${files} files` : "") : `   # ${note.why}`;
  const said = machine === null ? unsaid : inline(machine);
  return `  - { file: ${JSON.stringify(file)}, label: ${label ?? unsaid}, machine: ${said}${renderPlace(note)} }${remark}`;
}

function renderUnlabelled(file: string, note: EvidenceNote | undefined): string {
  const machine = note?.machine == null ? "" : inline(note.machine);
  const remark = note === undefined ? "" : `   # ${note.why}`;
  return `  # - { file: ${JSON.stringify(file)}, label: , machine: ${machine}${renderPlace(note)} }${remark}`;
}

function renderPlace(note: EvidenceNote | undefined): string {
  if (note?.component == null || note.time === null) return "";
  return `, component: ${JSON.stringify(note.component)}, time: ${JSON.stringify(note.time)}`;
}

/** A configuration that goes on from a shipped bundle: everything that it does not say is that bundle's. */
export function renderTuning(parentDir: string): string {
  return [
    "# Goes on from a shipped bundle: what stands here is all that has to be said. `aurora config schema train` lists what could be.",
    `from: ${inline(parentDir)}`,
    "# Its name is its parent's, whose place it takes on gateways; with a name of its own it stands beside it.",
    "dataset: { kind: recordings, manifest: recordings.yaml }",
    "",
  ].join("\n");
}

/** A configuration that learns from scratch: everything that it does not say is the shipped recipe's. */
export function renderScratch(name: string, heldOutGroups: readonly string[]): string {
  return [
    "# Learns from scratch: what stands here is all that has to be said. `aurora config schema train` lists what could be.",
    "# A model of its own: a gateway gets its first version by hand (<bundles.dir>/<name>/<version>), later ones as updates. In the place of",
    "# the shipped one, as an update of it, it would be: {name: bearing-vibration, version: 1.1.0}",
    `name: ${name}`,
    "dataset:",
    "  kind: recordings",
    "  manifest: recordings.yaml",
    "  # Machines that are not trained on, so that there is somebody to judge by.",
    `  heldOutGroups: ${inline(heldOutGroups)}`,
    `  heldOutRule: ${inline(heldOutRule)}`,
    "",
  ].join("\n");
}

const heldOutRule =
  "of every label a third of its machines, the last by their names, chosen by aurora data init before anything was trained";

/** Of a label with fewer machines one is held out, so that there are some to learn from. */
const leastOfThird = 4;

/** Of every label with several machines a third, the last by name; a machine that is held out for its fault counts for healthy ones. */
export function chooseHeldOut(entries: readonly GuessedEntry[]): readonly string[] {
  const held = new Set<string>();
  const known = entries.flatMap(({ label, machine }) =>
    label === null || machine === null ? [] : [{ label, machine }],
  );
  const labels = [...new Set(known.map(({ label }) => label))];
  for (const label of [...labels.filter((each) => each !== "healthy"), "healthy"]) {
    const own = [
      ...new Set(known.filter((entry) => entry.label === label).map(({ machine }) => machine)),
    ].sort();
    const wanted = own.length < leastOfThird ? Math.min(1, own.length - 1) : Math.ceil(own.length / 3);
    const missing = wanted - own.filter((machine) => held.has(machine)).length;
    const free = own.filter((machine) => !held.has(machine));
    for (const machine of missing > 0 ? free.slice(-missing) : []) held.add(machine);
  }
  return [...held].sort();
}

function inline(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
}
