/** Is the bundle what its own configuration gives? Trains it once more from the folder alone and compares bytes. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bundle } from "../../bundle/bundle.ts";
import { createKeyPair, parsePrivateKey } from "../../bundle/keys.ts";
import { readBundle } from "../../bundle/verify-bundle.ts";
import { bundledConfigName } from "../common-config.ts";
import type { EvaluationContext } from "../recipe.ts";
import { train } from "../train.ts";
import { bundledFilesOf } from "./bundled-files.ts";
import { answer, type GateCheck } from "./gate-check.ts";

/**
 * Retrains. With the same training code the digest must be the same; with other code every file must be, and the
 * manifest but for the lineage and the files' digests that follow from it.
 */
export async function checkRebuild(bundle: Bundle, context: EvaluationContext): Promise<GateCheck> {
  const dir = await mkdtemp(join(tmpdir(), "aurora-rebuild-"));
  try {
    const config = join(dir, bundledConfigName);
    await writeFile(config, bundledFilesOf(bundle, bundledConfigName));
    const result = await train(config, {
      dataDir: context.dataDir,
      outDir: join(dir, "bundle"),
      workDir: null,
      // Whoever signs is none of the digest's business.
      signer: parsePrivateKey(createKeyPair().privateKeyPem),
      gate: "off",
      reportDir: null,
      log: context.log,
      progress: context.progress,
    });
    const again = await readBundle(join(dir, "bundle"));
    const sameCode = again.manifest.lineage.trainingCodeSha256 === bundle.manifest.lineage.trainingCodeSha256;
    // The card and the bill of materials name the digest of the code.
    const differing = [...new Set([...bundle.files.keys(), ...again.files.keys()])].filter(
      (name) =>
        (sameCode || !/^(MODEL_CARD\.md|bom\.cdx\.json)$/.test(name)) &&
        !equal(bundle.files.get(name), again.files.get(name)),
    );
    const passed = sameCode
      ? result.digest === bundle.digest
      : differing.length === 0 && behaviourOf(bundle) === behaviourOf(again);
    return answer(
      "reproducible-rebuild",
      passed,
      { digest: result.digest, trainingCode: sameCode ? "the same" : "another", differing },
      {
        digest: sameCode ? bundle.digest : "of other code: every file and the manifest's behaviour",
        differing: [],
      },
      passed
        ? sameCode
          ? "trained once more, the digest is the same"
          : "trained once more with other training code, every file that decides is the same"
        : `trained once more, ${differing.join(", ") || "the manifest"} differs`,
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The manifest without what names code, libraries and the files' digests. */
function behaviourOf({ manifest }: Bundle): string {
  const { lineage: _lineage, files: _files, ...rest } = manifest;
  return JSON.stringify(rest);
}

function equal(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  return left !== undefined && right !== undefined && Buffer.from(left).equals(right);
}
