/** NOTICE names what is installed, with the texts of its licences. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

interface LockedPackage {
  readonly version: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

const root = packageRoot();
const script = join("scripts", "packaging", "notice.mjs");
const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

test("NOTICE names every package of the production tree with the version that is locked (else: node scripts/packaging/notice.mjs)", () => {
  const notice = readFileSync(join(root, "NOTICE"), "utf8").split("\n");
  const locked = Object.entries(packages)
    .filter(([path, { dev, optional, devOptional }]) => path !== "" && !(dev || optional || devOptional))
    .map(([path, { version }]) => `${path.split("node_modules/").at(-1)} ${version}: `);
  expect(locked.length).toBeGreaterThan(50);
  expect(locked.filter((start) => !notice.some((line) => line.startsWith(start)))).toEqual([]);
});

test("what is compiled into the inference library has its notices, and no package is without a text", () => {
  const notice = readFileSync(join(root, "NOTICE"), "utf8");
  for (const name of ["protocolbuffers/protobuf", "github.com/abseil/abseil-cpp", "google/re2", "Eigen"])
    expect(notice).toContain(name);
  expect(notice).not.toContain("brings no text");
  for (const holder of [
    "Microsoft Corporation",
    "2014 Brian M. Carlson",
    "2013-2016 Hannes Hörl",
    "James Sumners",
  ])
    expect(notice).toContain(`Copyright (c) ${holder}`);
});

/** A checkout with one package, and with what is kept of another or the same one. */
function writeNotice(files: Readonly<Record<string, string>>): { notice: string; stderr: string } {
  const folder = createTemporaryFolder();
  const lock = { packages: { "": {}, "node_modules/part": { version: "1.2.0", license: "MIT" } } };
  cpSync(join(root, script), join(folder, script));
  mkdirSync(join(folder, "scripts", "packaging", "licences"));
  const all = {
    "package-lock.json": JSON.stringify(lock),
    "node_modules/part/index.js": "",
    NOTICE: "",
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const { stderr } = spawnSync(process.execPath, [join(folder, script)], { encoding: "utf8" });
  return { notice: readFileSync(join(folder, "NOTICE"), "utf8"), stderr };
}

test("a package without a text stops NOTICE, and so does a text that was kept for another version", () => {
  const kept = "scripts/packaging/licences/part";
  expect(writeNotice({}).stderr).toContain("part 1.2.0 brings no text of its licence");
  const outdated = writeNotice({ [`${kept}-1.1.0/LICENSE`]: "old", "node_modules/part/LICENSE": "own" });
  expect(outdated.stderr).toContain("keeps texts for what is not locked: part-1.1.0");
  const good = writeNotice({
    [`${kept}-1.2.0/LICENSE`]: "kept words",
    [`${kept}-1.2.0/ThirdPartyNotices.txt`]: "of others",
  });
  expect(good.notice).toContain("part 1.2.0\n\nkept words\n\nof others\n");
});

test("a text is kept for a scoped package in the folder that the error for its lack names", () => {
  const packages = { "": {}, "node_modules/@group/part": { version: "1.2.0", license: "MIT" } };
  const scoped = {
    "package-lock.json": JSON.stringify({ packages }),
    "node_modules/@group/part/index.js": "",
  };
  const [, kept = ""] =
    /keep its author's in .*(scripts\/packaging\/.*)/.exec(writeNotice(scoped).stderr) ?? [];
  const { notice, stderr } = writeNotice({ ...scoped, [kept]: "kept words" });
  expect(stderr).toBe("");
  expect(notice).toContain("@group/part 1.2.0\n\nkept words\n");
});

test("a licence that stands in a README is taken from there, and one that is only named there is none", () => {
  const readme = (licence: string): Record<string, string> => ({
    "node_modules/part/README.md": `# part\n\n## License\n\n${licence}\n`,
  });
  expect(writeNotice(readme("Copyright A\n\nPermission is hereby granted, free")).notice).toContain(
    "Copyright A\n\nPermission",
  );
  expect(writeNotice(readme("[MIT](https://part.example)")).stderr).toContain("brings no text");
});

test("training and the compiler are no part of the production tree", () => {
  const production = Object.entries(packages).filter(
    ([, { dev, optional, devOptional }]) => !(dev || optional || devOptional),
  );
  expect(production.filter(([path]) => /tensorflow|better-sqlite3|typescript|esbuild/.test(path))).toEqual(
    [],
  );
});
