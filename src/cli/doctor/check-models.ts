/**
 * The bundles that would serve: signed by a trusted key, compatible, and giving on this very machine what their golden vectors
 * say; and what the configured points would cost, measured with the real features and the real student.
 */
import { readFile } from "node:fs/promises";
import { freemem, totalmem } from "node:os";
import { join } from "node:path";
import { decodeGolden, type GoldenWindowCase } from "../../core/bundle/golden.ts";
import { loadTrustedKeys } from "../../core/bundle/keys.ts";
import { hasErrorCode, systemCodeOf } from "../../core/contract/aurora-error.ts";
import { bearingFaults } from "../../core/contract/bundle/bearing-fault.ts";
import type { FeatureSpec } from "../../core/contract/bundle/feature-spec.ts";
import { ungatedWords } from "../../core/contract/bundle/lineage.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import { countMultiplyAdds } from "../../core/contract/bundle/quantised-mlp.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { gatewayState } from "../../core/contract/config/state-names.ts";
import { findCoincidingModes } from "../../core/explain/coinciding-modes.ts";
import { createWaveformExtractor } from "../../core/features/waveform-extractor.ts";
import { isSmallStudent, smallStudentMultiplyAdds } from "../../core/inference/open-engine.ts";
import { nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { silentLogger } from "../../core/platform/logger.ts";
import { chooseOpened } from "../../core/serving/choose-bundle.ts";
import { listBundles } from "../../core/serving/configured-models.ts";
import { createFitCheck } from "../../core/serving/find-misfit.ts";
import { type LoadedBundle, serveBundle } from "../../core/serving/loaded-bundle.ts";
import { findNewestVersion } from "../../core/serving/served-models.ts";
import { proveGolden } from "../../gateway/updates/prove-golden.ts";
import { bad, type CheckResult, good, renderBytes, skipped, warning } from "./check-result.ts";

/** How long the load is measured, of each bundle. */
const measureMs = 1_000;
/** Beside the student: devices, drift, the outbox, a burst after an outage. */
const memoryReserveBytes = 64 * 1024 * 1024;

interface ModelsSetting {
  readonly config: GatewayConfig;
  readonly runtimeVersion: string;
  readonly isRunning: boolean;
}

export async function checkModels(setting: ModelsSetting): Promise<readonly CheckResult[]> {
  const { config } = setting;
  const points = config.turbines.flatMap((turbine) => turbine.points);
  const names = listBundles(config);
  if (names.length === 0) return [skipped("models", "no point and no turbine names a bundle")];
  const results: CheckResult[] = [];
  let share = 0;
  for (const name of names) {
    const loaded = await load(name, setting);
    results.push(...loaded.results);
    if (loaded.bundle === null) continue;
    const { bundle, windows } = loaded;
    results.push(...checkBearings(name, bundle.manifest.features, config.turbines));
    const used = points.filter((point) => point.bundle === name).length;
    const first = windows[0];
    if (first !== undefined && used > 0) {
      const cost = await measureWindow(bundle, windows);
      const { length, hop } = bundle.manifest.window;
      const seconds = (first.window.counts.length / first.window.sampleRateHz) * (hop / length);
      share += (used * cost) / (seconds * 1000);
      results.push(
        good(
          `cost of ${name}`,
          `${cost.toFixed(1)} ms for a window every ${seconds.toFixed(2)} s at full speed`,
        ),
      );
    }
    await bundle.retire();
  }
  results.push(describeLoad(points.length, share), await checkMemory(setting));
  return results;
}

/** A line for each point of the bundle `name` whose bearing leaves open which of two parts is damaged. */
function checkBearings(
  name: string,
  features: FeatureSpec,
  turbines: GatewayConfig["turbines"],
): readonly CheckResult[] {
  return turbines.flatMap(({ id, points }) =>
    points
      .filter(({ bundle }) => bundle === name)
      .flatMap(({ component, bearing }) => {
        const parts = findCoincidingModes(features, bearing).map((mode) => {
          const { part, order } = bearingFaults[mode];
          return `${part} (${order} ${bearing[order].toFixed(2)})`;
        });
        const subject = `bearing of ${id}/${component}`;
        const text = `faults of ${parts.join(" and ")} look alike: their lines are looked for in one place`;
        return parts.length === 0 ? [] : [warning(subject, text, "When one is raised, look at both.")];
      }),
  );
}

interface LoadedForCheck {
  readonly results: readonly CheckResult[];
  readonly bundle: LoadedBundle | null;
  readonly windows: readonly GoldenWindowCase[];
}

async function load(name: string, { config, runtimeVersion }: ModelsSetting): Promise<LoadedForCheck> {
  const { bundles, gateway } = config;
  try {
    const place = {
      stateDir: join(gateway.stateDir, gatewayState.updates, name),
      shippedDir: await findNewestVersion(bundles.dir, name),
      trustedKeys: await loadTrustedKeys(bundles.trustedKeys),
      runtime: { runtimeVersion },
      files: nodeFileSystem,
      findMisfit: createFitCheck(config),
    };
    const options = { engine: bundles.engine, logger: silentLogger };
    const chosen = await chooseOpened(place, (dir, verified) => serveBundle(dir, verified, options));
    const refused = chosen.refused.map(({ dir, error }) =>
      warning(
        `model ${name}`,
        `${dir} is refused: ${error.message}`,
        systemCodeOf(error.cause) === "EACCES"
          ? "This user may not read it: run the doctor as the gateway's user (sudo -u aurora aurora doctor)."
          : "The one before it serves; publish it again.",
      ),
    );
    const bundle = chosen.opened;
    const golden = decodeGolden(chosen.bundle.files.get(bundleFileNames.golden)!);
    const proof = await proveGolden(bundle, golden);
    const { version, lineage } = bundle.manifest;
    const gate = lineage.ungated === true ? `, but ${ungatedWords}` : "";
    const text = `${version}, signed${gate}; ${proof.detail} (${bundle.engine.kind})`;
    const advice = "Try bundles.engine: integer; report this machine's processor.";
    const proved = proof.ok
      ? good(`model ${name}`, text)
      : bad(`model ${name}`, `${version}: ${proof.detail}`, advice);
    const windows = golden.cases.filter((one) => one.kind === "window");
    return { results: [...refused, proved, describeEngine(bundle, config)], bundle, windows };
  } catch (error) {
    if (!hasErrorCode(error)) throw error;
    return { results: [bad(`model ${name}`, error.message, error.hint)], bundle: null, windows: [] };
  }
}

function describeEngine(
  { engine, manifest, student }: LoadedBundle,
  { bundles: { engine: wanted }, gateway: { profile } }: GatewayConfig,
): CheckResult {
  const name = `engine of ${manifest.name}`;
  const work = `${countMultiplyAdds(student)} multiply-adds a window`;
  if (engine.kind === "onnx") return good(name, `ONNX Runtime (${work})`);
  const plainly = (why: string): CheckResult =>
    good(name, `plain integers, no native engine is needed (${why})`);
  if (profile === "small") return plainly("the small profile");
  if (wanted === "integer") return plainly("bundles.engine: integer");
  if (isSmallStudent(student)) return plainly(`${work}, up to ${smallStudentMultiplyAdds} are cheaper so`);
  const advice =
    "The plain engine gives the same integers, more slowly. Install aurora for this processor once more.";
  return warning(name, "the native library of ONNX Runtime does not serve here", advice);
}

/** Milliseconds that a window takes, from counts to logits. */
async function measureWindow(bundle: LoadedBundle, cases: readonly GoldenWindowCase[]): Promise<number> {
  const { features: spec } = bundle.manifest;
  const extractor = createWaveformExtractor(spec);
  const features = new Float32Array(spec.list.length);
  const startedMs = performance.now();
  let windows = 0;
  while (performance.now() - startedMs < measureMs) {
    const { counts, scale, shaftRpm, sampleRateHz, bearing } = cases[windows % cases.length]!.window;
    extractor.begin({ sampleRateHz, bearing, shaftRpm });
    extractor.push({ counts, from: 0, to: counts.length, scale, shaftRpm });
    extractor.finish(features, 0);
    await bundle.score({ features });
    windows += 1;
  }
  return (performance.now() - startedMs) / windows;
}

function describeLoad(points: number, share: number): CheckResult {
  const name = "processor";
  if (share === 0) return skipped(name, "no point watches a waveform");
  const percent = share * 100;
  const text = `${points === 1 ? "1 point takes" : `${points} points take`} ${percent < 10 ? percent.toFixed(1) : Math.round(percent)} % of one core`;
  const advice = "Move points to another gateway, or let devices infer (mode: edge).";
  if (share > 0.9) return bad(name, text, advice);
  return share > 0.5 ? warning(name, text, advice) : good(name, text);
}

async function checkMemory({ config, isRunning }: ModelsSetting): Promise<CheckResult> {
  const name = "memory";
  const meminfo = await readFile("/proc/meminfo", "utf8").catch(() => "");
  const kibibytes = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1];
  const available = kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
  // Of a container or service, and so the gateway's, too. What is left of it beside a gateway is not known: caches of files count as used.
  const limit = isRunning ? 0 : process.constrainedMemory();
  const isLimited = limit > 0 && limit < Math.min(available, totalmem());
  const buffer = config.evidence.allow.includes("alarm") ? config.evidence.bufferBytes : 0;
  // This process has loaded what the gateway would load.
  const wanted = memoryReserveBytes + (isRunning ? 0 : process.memoryUsage.rss() + buffer);
  const found = isLimited
    ? `a limit of ${renderBytes(limit)} here (container or service)`
    : `${renderBytes(available)} available`;
  const text = `${found}, ${renderBytes(wanted)} wanted`;
  if ((isLimited ? limit : available) >= wanted) return good(name, text);
  const cure = isLimited ? "Raise the limit" : "End other programs";
  return warning(name, text, `${cure}, or lower evidence.bufferBytes.`);
}
