/**
 * Proves a bundle on this machine, as a process of its own: opens it as the gateway would, runs every golden case from
 * raw window to explanation. Speaks the contract of `src/gateway/updates/proof-message.ts` on stdin and stdout; writes nothing else.
 */
import { decodeGolden } from "../../core/bundle/golden.ts";
import { readBundle } from "../../core/bundle/verify-bundle.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import { createLogger } from "../../core/platform/logger.ts";
import { serveBundle } from "../../core/serving/loaded-bundle.ts";
import { parseProofRequest } from "./proof-message.ts";
import { proveGolden } from "./prove-golden.ts";

const logger = createLogger({ name: "prover" });
try {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const request = parseProofRequest(Buffer.concat(chunks).toString("utf8"));
  const bundle = await readBundle(request.bundleDir);
  if (bundle.digest !== request.digest) throw new Error(`the folder holds ${bundle.digest}`);
  const loaded = await serveBundle(request.bundleDir, bundle, { engine: request.engine, logger });
  const report = await proveGolden(loaded, decodeGolden(bundle.files.get(bundleFileNames.golden)!));
  await loaded.retire();
  process.stdout.write(JSON.stringify(report));
  process.exitCode = report.ok ? 0 : 1;
} catch (error) {
  logger.error("the bundle could not be proved", { error });
  process.exitCode = 1;
}
