/** What packages carry to be read. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const root = packageRoot();
const list = pathToFileURL(join(root, "scripts", "packaging", "documents.mjs")).href;
const { shippedDocuments } = (await import(list)) as { readonly shippedDocuments: readonly string[] };
const read = (path: string): string => readFileSync(join(root, path), "utf8");

test("a package has every document that help, a hint or an error names, where they name it", () => {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  // What stands in a comment is for whoever reads the code.
  const code = sources.map((path) =>
    read(join("src", path)).replaceAll(/\/\*\*?[\s\S]*?\*\/|^\s*\/\/.*$/gm, ""),
  );
  const named = code.flatMap((text) => text.match(/\b(?:src|firmware-bridge)\/[\w/-]+\.md\b/g) ?? []);
  expect(new Set(named).size).toBeGreaterThan(2);
  expect([...new Set(named)].filter((path) => !shippedDocuments.includes(path))).toEqual([]);
});

test("a document of a package is there, and links to nothing that the package has not", () => {
  for (const path of shippedDocuments) {
    expect(existsSync(join(root, path)), path).toBe(true);
    if (!path.endsWith(".md")) continue;
    const links = [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link]) =>
      join(dirname(path), link!),
    );
    expect(
      links.filter((link) => !shippedDocuments.includes(link)),
      path,
    ).toEqual([]);
  }
});

test("a package has what an operator reads of alarms, and every record of a decision that its documents name", () => {
  expect(shippedDocuments).toContain("src/ALERTS.md");
  const named = shippedDocuments.flatMap((path) => read(path).match(/\b\d{4}-[a-z][\w-]+\.md\b/g) ?? []);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !shippedDocuments.includes(`src/adr/${name}`))).toEqual([]);
});

test("a package has the records that its models name, be it by their numbers", () => {
  const models = readdirSync(join(root, "models"), { recursive: true, encoding: "utf8" });
  const texts = models.filter((path) => /README\.md|MODEL_CARD\.md|train\.yaml/.test(path));
  const named = texts.flatMap(
    (path) => read(join("models", path)).match(/(?<=\bADR |\bsrc\/adr\/)\d+/g) ?? [],
  );
  expect(named).toContain("0061");
  const shipped = new Set(shippedDocuments.map((path) => /adr\/0*(\d+)/.exec(path)?.[1]));
  expect(named.filter((number) => !shipped.has(String(Number(number))))).toEqual([]);
});

test("an installed package with its documents is no checkout: of the native files it keeps its own platform's alone", () => {
  const folder = createTemporaryFolder();
  const own = `${process.platform}-${process.arch}`;
  const native = join(folder, "build", "aurora", "native");
  for (const platform of [own, "linux-other"]) mkdirSync(join(native, platform), { recursive: true });
  const scripts = join(folder, "scripts", "packaging");
  for (const path of [...shippedDocuments.map((each) => join(folder, each)), join(scripts, "x")])
    mkdirSync(dirname(path), { recursive: true });
  for (const path of shippedDocuments) copyFileSync(join(root, path), join(folder, path));
  copyFileSync(join(root, "scripts", "packaging", "postinstall.mjs"), join(scripts, "postinstall.mjs"));
  writeFileSync(join(scripts, "install-sqlite.mjs"), "");
  expect(spawnSync(process.execPath, [join(scripts, "postinstall.mjs")]).status).toBe(0);
  expect(readdirSync(native)).toEqual([own]);
});
