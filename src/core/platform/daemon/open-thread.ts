/** Begins a program of ours as a thread, or says how as a process, compiled or from source as whoever asks for it. */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

const sourceLoader = "tsx/esm/api";

interface FoundProgram {
  readonly file: URL;
  /** What Node is to be given before it: none where it is compiled. */
  readonly loader: readonly string[];
}

/** Finds `program`, a file without its ending beside the one at `from` (`import.meta.url`). */
export function findProgram(program: string, from: string): FoundProgram {
  const kind = extname(fileURLToPath(from));
  const file = new URL(`${program}${kind}`, from);
  if (kind === ".js") return { file, loader: [] };
  // Neither a thread (Node 20) nor a process has the loader of the one that begins it.
  const register = `import{register}from${JSON.stringify(import.meta.resolve(sourceLoader))};register()`;
  return { file, loader: ["--import", `data:text/javascript,${register}`] };
}

/** Begins `program` as {@link findProgram} finds it. */
export function openThread(
  program: string,
  from: string,
  options: Pick<WorkerOptions, "workerData" | "resourceLimits">,
): Worker {
  const { file, loader } = findProgram(program, from);
  return new Worker(file, loader.length === 0 ? options : { ...options, execArgv: [...loader] });
}
