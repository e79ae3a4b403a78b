/** Finds in a diagnosis' configuration what would fail after its recordings were read, or when its bundle is loaded. */
import type { z } from "zod";
import { hasErrorCode } from "../../../core/contract/aurora-error.ts";
import { findWaveform } from "../../../core/contract/bundle/manifest.ts";
import { createWaveformExtractor } from "../../../core/features/waveform-extractor.ts";
import { checkCommonConfig, checkFeatures, checkThresholds, complainTo } from "../check-config.ts";
import type { CommonConfig } from "../common-config.ts";
import type { BearingConfig, DiagnosisKeys } from "./bearing-config.ts";
import { deriveTying } from "./learn/hypothesis-columns.ts";

/** Checks a diagnosis, however its student is made. */
export function checkDiagnosis(
  config: CommonConfig & Pick<BearingConfig, DiagnosisKeys>,
  context: z.RefinementCtx,
): void {
  const complain = complainTo(context);
  checkCommonConfig(config, createWaveformExtractor, complain);
  if (findWaveform(config) === undefined)
    complain(
      ["channels"],
      "has no waveform, which recordings are of",
      "write kind: waveform for one of them",
    );
  checkThresholds(config.thresholds, complain);
  if (config.baseline !== undefined) {
    checkFeatures(config.baseline.levels, createWaveformExtractor, (path, message, write) =>
      complain(["baseline", "levels", ...path], message, write),
    );
  }
  try {
    deriveTying(config.features, config.hypotheses);
  } catch (cause) {
    if (!hasErrorCode(cause, "CONFIG_INVALID")) throw cause;
    const at = config.hypotheses.findIndex(({ failureMode }) => failureMode === cause.subject);
    complain(["hypotheses", Math.max(at, 0), "featurePrefix"], cause.message, cause.hint);
  }
}
