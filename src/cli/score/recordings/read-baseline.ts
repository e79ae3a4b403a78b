/** A healthy baseline for `score`: read from its file, or learnt from recordings of the healthy machine. */
import { extname } from "node:path";
import { canonicalJsonBytes } from "../../../core/bundle/canonical-json.ts";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { sayIssue } from "../../../core/contract/config/describe-issue.ts";
import { type SiteBaseline, siteBaselineSchema } from "../../../core/contract/site-baseline.ts";
import {
  findFault,
  fitSiteBaseline,
  type HealthyWindow,
} from "../../../core/decision/reference/fit-site-baseline.ts";
import { hasLevels } from "../../../core/decision/reference/severity.ts";
import { writeFileAtomic } from "../../../core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../../core/platform/files/bounded-read.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import type { OpenedRecording } from "./open-recording.ts";
import { chooseSeverityScale, createLevelMeter, createThinnedList } from "./recording-severity.ts";
import { scoreWindows } from "./score-windows.ts";

const maxFileBytes = 4 * 1024 * 1024;
/** Pieces of all recordings that a baseline is fitted to. */
const maxPieces = 4096;

/** A baseline, and what is to be said of it. */
export interface ReadBaseline {
  readonly baseline: SiteBaseline;
  /** One sentence each; empty: all is well. */
  readonly warnings: readonly string[];
}

/** Is this the name of a baseline's own file, not of a recording? */
export function isBaselineFile(path: string): boolean {
  return extname(path).toLowerCase() === ".json";
}

/** Reads a file that `writeBaseline` wrote or a gateway learnt. Fails with DATA_MISSING, DATA_FORMAT, BUNDLE_INCOMPATIBLE. */
export async function readBaseline(path: string, bundle: LoadedBundle): Promise<ReadBaseline> {
  const bytes = await readFileBounded(path, maxFileBytes, { op: "read baseline" });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    json = null;
  }
  const parsed = siteBaselineSchema.safeParse(json);
  if (!parsed.success) {
    throw new AuroraError(
      "DATA_FORMAT",
      `${path} is no baseline: ${sayIssue(parsed.error.issues[0], json)}`,
      {
        op: "read baseline",
        subject: path,
        hint: "write one with --write-baseline, or give recordings of the healthy machine",
      },
    );
  }
  if (!hasLevels(parsed.data, chooseSeverityScale(bundle.manifest, null).spec.levels)) {
    throw new AuroraError("BUNDLE_INCOMPATIBLE", `${path} was learnt of other levels than this bundle's`, {
      op: "read baseline",
      subject: path,
      hint: "learn it anew from recordings of the healthy machine",
    });
  }
  return { baseline: parsed.data, warnings: parsed.data.suspicions };
}

/**
 * Learns from recordings, each with what is known of it. The caller says that the machine was healthy: where the
 * recordings disagree with one another, or look faulty, it is learnt all the same, with a warning, which stays in the baseline where
 * they look faulty: a gateway would refuse to learn, until somebody says that it was found healthy. Fails with DATA_*.
 */
export async function learnBaseline(
  bundle: LoadedBundle,
  recordings: AsyncIterable<OpenedRecording>,
): Promise<ReadBaseline> {
  const { spec } = chooseSeverityScale(bundle.manifest, null);
  const windows = createThinnedList<HealthyWindow>(maxPieces);
  const scored: HealthyWindow[] = [];
  let atMs = 0;
  let subject = "recordings";
  for await (const recording of recordings) {
    subject = recording.file.path;
    const meter = createLevelMeter(spec.levels, recording.sidecar.bearing, (levels, shaftRpm) => {
      windows.add(() => ({
        fromMs: atMs,
        toMs: atMs + 100,
        shaftRpm,
        levels: Array.from(levels),
        logits: [],
      }));
      atMs += 100;
    });
    for await (const { window, output } of scoreWindows(bundle, recording, { meter })) {
      const { fromMs, toMs, shaftRpm } = window;
      if (scored.length < maxPieces)
        scored.push({ fromMs, toMs, shaftRpm, levels: [], logits: Array.from(output.logits) });
    }
  }
  const { outputs } = bundle.manifest;
  const fitted = fitSiteBaseline(
    windows.entries,
    { spec: { ...spec, minWindows: 1 }, outputs, model: null },
    1,
  );
  const fault = scored.length === 0 ? null : findFault(scored, { spec, outputs, model: null });
  const faulty = fault === null ? [] : [`looks faulty itself: ${fault}; a gateway would not learn it`];
  const keep = (baseline: SiteBaseline, unsteady: readonly string[]): ReadBaseline => {
    const suspicions = [...faulty, ...baseline.suspicions];
    return { baseline: { ...baseline, suspicions }, warnings: [...suspicions, ...unsteady] };
  };
  if (fitted.ok) return keep(fitted.value, []);
  const { error } = fitted;
  if (error.kind === "unsteady") return keep(error.baseline, [error.detail]);
  throw new AuroraError("DATA_FORMAT", `no baseline can be learnt of ${subject}: ${error.detail}`, {
    op: "learn baseline",
    subject,
    hint: "give recordings of the healthy machine of at least 0.05 s each",
  });
}

/** Writes a baseline for later calls. Fails with STORE. */
export async function writeBaseline(path: string, baseline: SiteBaseline): Promise<void> {
  try {
    await writeFileAtomic(path, canonicalJsonBytes(baseline));
  } catch (cause) {
    throw new AuroraError("STORE", `cannot write ${path}`, {
      op: "write baseline",
      subject: path,
      hint: "check --write-baseline: its folder must exist, have room and be writable",
      cause,
    });
  }
}
