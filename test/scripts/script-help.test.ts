/** Every script that a document names says what it takes, and starts nothing where it is asked that or something else. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";

const root = packageRoot();
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const documents = ["src", "firmware-bridge", "scripts", "models"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => join(folder, path)),
);
const text = ["README.md", ...documents].map(read).join("\n");
const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: Record<string, string> };
/** The compiler's and vitest's options are theirs; the others belong to npm's and have none. */
const withoutTable = ["build.mjs", "test.mjs", "packaging/notice.mjs", "packaging/pack.mjs"];
const commands = [...text.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(
  ([, name]) => scripts[name!] ?? "",
);
const files = [text, ...commands]
  .flatMap((each) => each.match(/(?:tsx |node |node dist\/)scripts\/[\w/-]+\.(?:ts|js|mjs)/g) ?? [])
  .map((each) => each.replace(/^.*?(?=scripts)/, "").replace(/\.js$/, ".ts"))
  .filter((path) => !withoutTable.includes(path.replace("scripts/", "")));
const named = [...new Set(files)].sort();

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`ended with ${code}`);
    this.code = code;
  }
}

/** Runs it in this process, which costs it no start. */
async function runHere(path: string, argument: string): Promise<Ended> {
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    vi.spyOn(process[stream], "write").mockImplementation((part) => {
      said[stream] += part;
      return true;
    });
  vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Exit(Number(code));
  });
  vi.spyOn(process, "argv", "get").mockReturnValue(["node", join(root, path), argument]);
  try {
    await import(`${join(root, path)}?${argument}`);
    return { code: 0, ...said };
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    return { code: error.code, ...said };
  } finally {
    vi.restoreAllMocks();
  }
}

function runAlone(path: string, argument: string): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, path), argument], {
    encoding: "utf8",
  });
  return { code: status ?? -1, stdout, stderr };
}

afterEach(() => void vi.restoreAllMocks());

test("documents name more than twenty scripts", () => {
  expect(named.length).toBeGreaterThan(20);
  expect(named).toContain("scripts/packaging/test-install.mjs");
  expect(named).toContain("scripts/test-faults.ts");
});

test.each(named)("%s says what it takes, and refuses what it does not", async (path) => {
  const run = path.endsWith(".mjs") ? runAlone : runHere;
  const helped = await run(path, "--help");
  expect([helped.code, helped.stderr]).toEqual([0, ""]);
  expect(helped.stdout).toMatch(/^ {2}--help +prints this$/m);
  const refused = await run(path, "--nonsense");
  expect([refused.code, refused.stdout]).toEqual([2, ""]);
  expect(refused.stderr).toMatch(/^.*--nonsense.*--help.*\n$/);
});
