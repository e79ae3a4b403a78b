/**
 * Proves a bundle on this machine, as a process of its own: opens it as the gateway would, runs every golden case from
 * raw window to explanation. Speaks the contract of `src/gateway/updates/proof-message.ts` on stdin and stdout; writes nothing else.
 */
import type { Bundle } from "../../core/bundle/bundle.ts";
import { decodeGolden } from "../../core/bundle/golden.ts";
import { readBundle } from "../../core/bundle/verify-bundle.ts";
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import { createLogger } from "../../core/platform/logger.ts";
import { serveBundle, tryBundle } from "../../core/serving/loaded-bundle.ts";
import { maxDetail, type ProofReport, type ProofRequest, parseProofRequest } from "./proof-message.ts";
import { proveGolden } from "./prove-golden.ts";

const logger = createLogger({ name: "prover" });
try {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const request = parseProofRequest(Buffer.concat(chunks).toString("utf8"));
  const bundle = await readBundle(request.bundleDir);
  if (bundle.digest !== request.digest) throw new Error(`the folder holds ${bundle.digest}`);
  const report = (await refuseAtOnce(request, bundle)) ?? (await prove(request, bundle));
  process.stdout.write(JSON.stringify(report));
  process.exitCode = report.ok ? 0 : 1;
} catch (error) {
  // These are the last words that are told of it, maybe far away.
  const stack = error instanceof Error && error.stack !== undefined ? error.stack : String(error);
  process.stderr.write(`${hasErrorCode(error) ? error.message : stack}\n`);
  process.exitCode = 1;
}

/** What is wrong with the bundle itself, whatever the machine and the engine; null: nothing. */
async function refuseAtOnce({ bundleDir }: ProofRequest, bundle: Bundle): Promise<ProofReport | null> {
  try {
    await tryBundle(bundleDir, bundle);
    return null;
  } catch (error) {
    if (!hasErrorCode(error)) throw error;
    const detail = error.message.slice(0, maxDetail);
    const { digest } = bundle;
    return {
      formatVersion: 1,
      ok: false,
      refused: true,
      digest,
      engine: "integer",
      cases: 0,
      failed: 0,
      detail,
    };
  }
}

async function prove({ bundleDir, engine }: ProofRequest, bundle: Bundle): Promise<ProofReport> {
  const loaded = await serveBundle(bundleDir, bundle, { engine, logger });
  const report = await proveGolden(loaded, decodeGolden(bundle.files.get(bundleFileNames.golden)!));
  await loaded.retire();
  return report;
}
