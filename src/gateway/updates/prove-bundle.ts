/** Has a staged bundle proved by another process, and believes only a complete, timely and fitting report. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { endFirst } from "../../core/platform/daemon/end-first.ts";
import { type ProofReport, type ProofRequest, proofReportSchema, wantOfMemory } from "./proof-message.ts";

/** How the prover is started. */
export interface ProverCommand {
  /** Executable, for example `process.execPath`. */
  readonly command: string;
  /** Its arguments, for example `[…process.execArgv, ".../prove-main.js"]`. */
  readonly args: readonly string[];
  /** It is killed after so long. */
  readonly timeoutMs: number;
  /** What the bundle is to be proved with: what would serve it. */
  readonly engine: ProofRequest["engine"];
}

/** What is to be proved; the report must repeat what the caller knows about it. */
export interface ExpectedProof {
  readonly bundleDir: string;
  readonly digest: string;
  /** Golden cases in the bundle. */
  readonly cases: number;
}

const maxReportBytes = 65_536;
const keptErrorBytes = 2000;
/** The prover gets no secret of the daemon's environment; `malloc` is as sparing in it as in the daemon. */
const environmentNames = /^(PATH|HOME|LANG|LD_LIBRARY_PATH|TMPDIR|NODE_PATH|MALLOC_\w+)$/;

/** How a failed proof failed: a wrong result stays wrong; an accident may not happen again. */
export class ProofError extends AuroraError {
  /** True if trying again cannot help. */
  readonly final: boolean;

  constructor(message: string, subject: string, final: boolean) {
    super("PROOF_FAILED", message, {
      op: "prove bundle",
      subject,
      hint: final
        ? "The model cannot be opened, or does not compute here what it must: publish a good one."
        : "An update is tried again a few times; what serves already, at the next start.",
    });
    this.final = final;
  }
}

/**
 * Runs the prover on a staged bundle.
 * @throws ProofError (PROOF_FAILED) when it does not prove it, hangs, crashes or talks nonsense.
 */
export async function proveBundle(
  prover: ProverCommand,
  expected: ExpectedProof,
  signal?: AbortSignal,
): Promise<ProofReport> {
  const { bundleDir } = expected;
  const accident = (message: string): ProofError => new ProofError(message, bundleDir, false);
  const request: ProofRequest = {
    formatVersion: 1,
    bundleDir,
    digest: expected.digest,
    engine: prover.engine,
  };
  const run = await runProver(prover, `${JSON.stringify(request)}\n`, signal).catch((error: Error) => {
    // As when the machine has no memory for another process.
    throw accident(`the prover cannot be started: ${error.message}`);
  });
  const lastWords = run.stderr.trim() === "" ? "" : `; it said: ${run.stderr.trim().slice(-500)}`;
  if (run.stopped !== null) throw accident(`the prover ${run.stopped}${lastWords}`);
  const report = parseReport(run.stdout);
  if (report === null) throw accident(`the prover ${describeEnd(run.end)}, without a report${lastWords}`);
  if (report.digest !== expected.digest) throw accident(`the prover ran another bundle (${report.digest})`);
  if (report.refused) throw new ProofError(report.detail, bundleDir, true);
  if (!report.ok || report.failed > 0) {
    const words = `${report.failed} of ${report.cases} golden cases differ on this machine: ${report.detail}`;
    throw new ProofError(words, bundleDir, true);
  }
  if (report.cases !== expected.cases)
    throw accident(`the prover ran ${report.cases} of ${expected.cases} cases`);
  if (run.end !== "exit code 0")
    throw accident(`the prover reported success and ended with ${run.end}${lastWords}`);
  return report;
}

/** The kernel ends with SIGKILL; here it did, or somebody else, since we did not. */
function describeEnd(end: string): string {
  if (!end.startsWith("SIG")) return `ended with ${end}`;
  return `was killed by ${end}${end === "SIGKILL" ? `, ${wantOfMemory}` : ""}`;
}

interface ProverRun {
  readonly stdout: string;
  readonly stderr: string;
  /** `exit code N` or the signal's name. */
  readonly end: string;
  /** Why it was stopped by us, or null. */
  readonly stopped: string | null;
}

function runProver(
  prover: ProverCommand,
  input: string,
  signal: AbortSignal | undefined,
): Promise<ProverRun> {
  return new Promise((resolve, reject) => {
    const environment = Object.entries(process.env).filter(([name]) => environmentNames.test(name));
    const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(prover.command, prover.args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: Object.fromEntries(environment),
    });
    child.on("error", reject);
    // Told next; where this process may open no more files, it has no pipes either.
    if (child.pid === undefined) return;
    endFirst(child.pid);
    let stdout = "";
    let stderr = "";
    let stopped: string | null = null;
    const stop = (why: string): void => {
      stopped ??= why;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(() => stop(`gave no answer within ${prover.timeoutMs} ms`), prover.timeoutMs);
    const abort = (): void => stop("was stopped because the gateway stops");
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (stdout.length > maxReportBytes) stop(`wrote more than ${maxReportBytes} bytes`);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-keptErrorBytes);
    });
    child.stdin.on("error", () => undefined); // it ended without reading: its end says more
    child.stdin.end(input);
    const finish = (end: string): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      resolve({ stdout: stdout.slice(0, maxReportBytes), stderr, end, stopped });
    };
    // Not "close": a grandchild that holds the pipes must not keep us waiting. What was written before the exit is
    // in the pipe; one more turn of the event loop after each read drains it.
    child.once("exit", (code, killedBy) => {
      const end = killedBy ?? `exit code ${code}`;
      const late = setTimeout(() => finish(end), 500);
      child.once("close", () => {
        clearTimeout(late);
        finish(end);
      });
    });
  });
}

function parseReport(text: string): ProofReport | null {
  try {
    return proofReportSchema().parse(JSON.parse(text));
  } catch {
    return null;
  }
}
