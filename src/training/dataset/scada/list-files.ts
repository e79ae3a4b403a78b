/** Files below the data folder that a name with `*` and `{turbine}` stands for. Follows no `**`, and lists no folder twice. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { matchesPattern } from "../match-pattern.ts";
import type { ScadaTableDataset, TableFiles } from "./table-config.ts";

/** A file of values; `turbine`: whose all its rows are, null where a column says it. */
export interface ListedFile {
  /** Relative to the data folder. */
  readonly name: string;
  readonly turbine: string | null;
  readonly entry: TableFiles;
}

const maxFiles = 4096;

/** Files of all entries, in the sequence of entries, turbines and names. Fails with DATA_MISSING where a name stands for none. */
export async function listTableFiles(
  dataDir: string,
  { tables, turbines, turbineColumn }: ScadaTableDataset,
): Promise<ListedFile[]> {
  const listed: ListedFile[] = [];
  for (const entry of tables) {
    const isNamed = entry.files.includes("{turbine}");
    const only = turbineColumn === undefined ? turbines[0]! : null;
    for (const turbine of isNamed ? turbines : [only]) {
      const pattern = isNamed ? entry.files.replaceAll("{turbine}", turbine!) : entry.files;
      for (const name of await expandPattern(dataDir, pattern)) listed.push({ name, turbine, entry });
    }
  }
  if (listed.length > maxFiles) {
    throw refuse(
      `${listed.length} files`,
      `are more than ${maxFiles}`,
      "join them, for example a file a year",
    );
  }
  const seen = new Set<string>();
  for (const { name } of listed) {
    if (seen.has(name)) {
      throw refuse(join(dataDir, name), "is named twice by dataset.tables", "name each file once");
    }
    seen.add(name);
  }
  return listed;
}

/** Names relative to `dir` that `pattern` stands for, sorted; the pattern itself where it has no `*`. Fails with DATA_MISSING where nothing fits. */
async function expandPattern(dir: string, pattern: string): Promise<string[]> {
  if (!pattern.includes("*")) return [pattern];
  let found = [""];
  for (const segment of pattern.split("/")) {
    const next: string[] = [];
    for (const folder of found) {
      if (!segment.includes("*")) {
        next.push(folder === "" ? segment : `${folder}/${segment}`);
        continue;
      }
      const entries = await readdir(join(dir, folder)).catch(() => []);
      for (const entry of entries.sort()) {
        if (!entry.startsWith(".") && matchesPattern(entry, segment))
          next.push(folder === "" ? entry : `${folder}/${entry}`);
      }
    }
    found = next;
  }
  if (found.length > 0) return found;
  throw new AuroraError("DATA_MISSING", `no file below ${dir} is called ${pattern}`, {
    op: "list tables",
    subject: pattern,
    hint: "mend dataset.tables, or name the data folder with --data DIR; {turbine} stands for each name of dataset.turbines",
  });
}

function refuse(subject: string, message: string, hint: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${subject} ${message}`, { op: "list tables", subject, hint });
}
