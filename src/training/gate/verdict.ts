/**
 * The gate's verdict as a signed record beside the bundle: what was looked at (by digest), what was asked, which limits
 * held and what came out. A DSSE envelope; whoever has bundle and data can play it again.
 */
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import type { Bundle } from "../../core/bundle/bundle.ts";
import { canonicalJson, canonicalJsonBytes } from "../../core/bundle/canonical-json.ts";
import {
  encodeDsseEnvelope,
  parseEnvelope,
  type Signer,
  signEnvelope,
  type TrustedKey,
  verifyEnvelope,
} from "../../core/bundle/dsse.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import type { GateCheck } from "./gate-check.ts";
import type { GateResult } from "./run-gate.ts";

/** The record. No time: what it says is true whenever it is played again. */
export interface Verdict extends GateResult {
  readonly formatVersion: 1;
  readonly bundle: BundleIdentity;
  /** The model that it was compared with. */
  readonly against: BundleIdentity | null;
}

/** A bundle by name and digest. */
interface BundleIdentity {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
}

/** Type of the envelope's payload. */
const verdictPayloadType = "application/vnd.aurora.gate-verdict+json";
/** A verdict is a few kilobytes. */
const maxVerdictBytes = 1 << 20;

export function createVerdict(bundle: Bundle, against: Bundle | null, result: GateResult): Verdict {
  const identify = ({ manifest, digest }: Bundle): BundleIdentity => ({
    name: manifest.name,
    version: manifest.version,
    digest,
  });
  return {
    formatVersion: 1,
    bundle: identify(bundle),
    against: against === null ? null : identify(against),
    ...result,
  };
}

/** Where the verdict of the bundle in `dir` stands: beside it, because the folder itself is sealed. */
export function verdictPath(dir: string): string {
  const folder = resolve(dir);
  return join(dirname(folder), `${basename(folder)}.verdict.dsse.json`);
}

/** Signs and writes it beside the bundle. Fails with STORE. */
export async function writeVerdict(dir: string, verdict: Verdict, signer: Signer): Promise<string> {
  const envelope = signEnvelope(verdictPayloadType, canonicalJsonBytes(verdict), [signer]);
  const path = verdictPath(dir);
  await writeFileAtomic(path, encodeDsseEnvelope(envelope));
  return path;
}

/** Reads a verdict that a trusted key has signed. Fails with DATA_MISSING, BUNDLE_FORMAT or BUNDLE_SIGNATURE. */
export async function readVerdict(dir: string, trusted: readonly TrustedKey[]): Promise<Verdict> {
  const path = verdictPath(dir);
  const bytes = await readFileBounded(path, maxVerdictBytes, {
    tooLarge: "BUNDLE_FORMAT",
    op: "read verdict",
    hint: "`aurora evaluate DIR --key FILE` makes and signs one",
  });
  return parseVerdict(path, openEnvelope(path, bytes, trusted));
}

/** The payload that a trusted key has signed. What is wrong is said of the file, not of a bundle. */
function openEnvelope(path: string, bytes: Uint8Array, trusted: readonly TrustedKey[]): Uint8Array {
  const about = { op: "read verdict", subject: path };
  try {
    const envelope = parseEnvelope(bytes);
    if (envelope.payloadType !== verdictPayloadType) {
      throw new AuroraError("BUNDLE_FORMAT", `${path} is not a verdict`, about);
    }
    verifyEnvelope(envelope, trusted);
    return envelope.payload;
  } catch (cause) {
    if (!(cause instanceof AuroraError)) throw cause;
    const isUnsigned = cause.code === "BUNDLE_SIGNATURE";
    throw new AuroraError(
      cause.code,
      isUnsigned ? `${path} is by no trusted key, or was changed` : `${path}: ${cause.message}`,
      {
        ...about,
        cause,
        hint: isUnsigned
          ? `name the public key of whoever signed it with --keys. ${cause.hint}`
          : "`aurora evaluate DIR --key FILE` makes one anew",
      },
    );
  }
}

const identitySchema = z.looseObject({ name: z.string(), version: z.string(), digest: z.string() });
/** What is read out of a record; the rest is compared as it stands. */
const verdictSchema = z.looseObject({
  formatVersion: z.literal(1),
  passed: z.boolean(),
  bundle: identitySchema,
  against: identitySchema.nullable(),
  checks: z.array(z.looseObject({ name: z.string(), outcome: z.enum(["passed", "failed", "skipped"]) })),
  metrics: z.record(z.string(), z.unknown()),
  data: z.record(z.string(), z.string()),
});

/** A key that is trusted may still have signed the record of another version. */
function parseVerdict(path: string, payload: Uint8Array): Verdict {
  try {
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    verdictSchema.parse(json);
    return json as Verdict;
  } catch (cause) {
    throw new AuroraError("BUNDLE_FORMAT", `${path} is signed, but no verdict that can be read here`, {
      op: "read verdict",
      subject: path,
      hint: "`aurora evaluate DIR --key FILE` makes one anew",
      cause,
    });
  }
}

/** Where `now` and the record differ, in words; none = the record is true. Values that differ by nature are left out. */
export function compareVerdicts(record: Verdict, now: Verdict): string[] {
  const differences: string[] = [];
  const expectSame = (what: string, left: unknown, right: unknown): boolean => {
    const [before, after] = [canonicalJson(left ?? null), canonicalJson(right ?? null)];
    if (before !== after) differences.push(`${what}: the record says ${before}, now it is ${after}`);
    return before === after;
  };
  expectSame("bundle", record.bundle, now.bundle);
  expectSame("against", record.against, now.against);
  expectSame("data", record.data, now.data);
  for (const name of namesOf(record.metrics, now.metrics)) {
    expectSame(`metrics.${name}`, record.metrics[name], now.metrics[name]);
  }
  // Held against its own checks, which are compared below: how fast this machine is at the moment decides nothing here.
  const isPassed = record.checks.every(({ outcome }) => outcome !== "failed");
  if (record.passed !== isPassed) {
    differences.push(`passed: the record says ${record.passed}, its checks say ${isPassed}`);
  }
  const names = [...new Set([...record.checks, ...now.checks].map(({ name }) => name))];
  // How fast a machine is at the moment is no part of the truth; what is asked of it is.
  const comparable = (check: GateCheck | undefined): Readonly<Record<string, unknown>> =>
    check === undefined
      ? {}
      : check.volatile === true
        ? { limits: check.limits, volatile: true }
        : { ...check };
  for (const name of names) {
    const [before, after] = [record, now].map((verdict) =>
      comparable(verdict.checks.find((check) => check.name === name)),
    );
    const { words: saidThen, ...then } = before!;
    const { words: saidNow, ...today } = after!;
    const same = namesOf(then, today).map((part) => expectSame(`${name}.${part}`, then[part], today[part]));
    // The sentence says the same once more: it is heard where nothing else differs.
    if (!same.includes(false)) expectSame(`${name}.words`, saidThen, saidNow);
  }
  return differences;
}

function namesOf(left: object, right: object): string[] {
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
}
