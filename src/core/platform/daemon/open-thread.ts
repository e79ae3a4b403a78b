/** Begins a program of ours as a thread, compiled or from source as whoever asks for it. */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

const sourceLoader = "tsx/esm/api";

/** Begins `program`, a file without its ending beside the one at `from` (`import.meta.url`). */
export function openThread(
  program: string,
  from: string,
  options: Pick<WorkerOptions, "workerData" | "resourceLimits">,
): Worker {
  const kind = extname(fileURLToPath(from));
  const file = new URL(`${program}${kind}`, from);
  if (kind === ".js") return new Worker(file, options);
  // A thread has not the loader of the one that begins it (Node 20).
  const register = `import{register}from${JSON.stringify(import.meta.resolve(sourceLoader))};register()`;
  return new Worker(file, { ...options, execArgv: ["--import", `data:text/javascript,${register}`] });
}
