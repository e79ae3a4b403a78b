// A Debian without anything of ours, to install a package in: made by mmdebstrap, entered by chroot in namespaces of its
// own. Of a foreign architecture it runs in QEMU's user mode, by a handler that this machine's other processes do not have.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./node-binary.mjs";

const suite = "bookworm";
/** What the package depends on, and what a machine with systemd has; what it only recommends would take half an hour to set up in QEMU. */
const packages = ["systemd", "init-system-helpers", "libstdc++6", "libgcc-s1"];

/** A process in a user namespace that holds all users of this machine; whoever enters it is root in there only. */
const enter = `
unshare -U sleep 3600 & holder=$!
inner=
trap 'kill -KILL $holder $inner' EXIT
until echo '0 0 65536' > /proc/$holder/uid_map 2> /dev/null; do sleep 0.05; done
echo '0 0 65536' > /proc/$holder/gid_map
nsenter -U -t $holder unshare -mpf --kill-child --mount-proc sh -ec "$AURORA_INNER" & inner=$!
wait $inner
`;

/** Tells the kernel, in this namespace only, who runs programs for arm64. */
const register = `
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
printf '%s' ':qemu-aarch64:M:0:\\x7f\\x45\\x4c\\x46\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:/usr/bin/qemu-aarch64-static:FP' > /proc/sys/fs/binfmt_misc/register
`;

/** Why no package can be tried here, or undefined: a program that is missing, or namespaces that are refused. */
export function findObstacle(architecture) {
  const wanted = [
    "mmdebstrap",
    "unshare",
    "nsenter",
    "dpkg-deb",
    "lintian",
    "socat",
    ...(architecture === "arm64" ? ["qemu-aarch64-static"] : []),
  ];
  const missing = wanted.filter((program) => spawnSync("which", [program]).status !== 0);
  if (missing.length > 0) return `missing: ${missing.join(" ")}`;
  const entered = spawnSync("unshare", ["-mpf", "--mount-proc", "true"], { encoding: "utf8" });
  return entered.status === 0 ? undefined : `no namespaces here: ${entered.stderr.trim()}`;
}

/** Runs shell lines where programs of `architecture` run; what takes too long ends with all that it began. Returns { status, stdout, stderr }. */
function inNamespace(lines, { architecture, timeoutMs }) {
  const isForeign = architecture !== run("dpkg", ["--print-architecture"]).trim();
  const [command, ...args] = isForeign
    ? ["bash", "-ec", enter]
    : ["unshare", "-mpf", "--kill-child", "--mount-proc", "sh", "-ec", lines];
  const env = {
    ...process.env,
    LC_ALL: "C.UTF-8",
    ...(isForeign ? { AURORA_INNER: `${register}${lines}` } : {}),
  };
  return spawnSync(command, args, {
    encoding: "utf8",
    env,
    timeout: timeoutMs,
    // unshare(1) hears no other signal while it waits; bash has its trap.
    killSignal: isForeign ? "SIGTERM" : "SIGKILL",
    maxBuffer: 64 * 1024 * 1024,
  });
}

/**
 * Makes the root once in `folder`, as a tar file; returns { file }, or { missing } with what Debian's archive did not give.
 * `extra` packages and a `hook` before they are installed make another one, of that `name`.
 */
export function makeImage(folder, architecture, { name = suite, extra = [], hook = "" } = {}) {
  const image = join(folder, `${name}-${architecture}.tar`);
  if (existsSync(image)) return { file: image };
  mkdirSync(folder, { recursive: true });
  const part = join(folder, `part-${name}-${architecture}.tar`);
  const include = [...packages, ...extra].join(",");
  const scratch = join(folder, `scratch-${name}-${architecture}`);
  const essential = hook === "" ? "" : `--essential-hook='${hook}'`;
  mkdirSync(scratch, { recursive: true });
  const made = inNamespace(
    `TMPDIR=${scratch} mmdebstrap --mode=root --skip=check/qemu --quiet --variant=essential ${essential} --architectures=${architecture} --include=${include} ${suite} ${part}`,
    { architecture, timeoutMs: 1_800_000 },
  );
  rmSync(scratch, { recursive: true, force: true });
  if (made.status !== 0) return { missing: (made.error?.message ?? made.stderr).slice(-500) };
  renameSync(part, image);
  return { file: image };
}

/**
 * A fresh root in `folder`, of the tar file `image`. `run(lines)` runs shell lines as its root user and throws when they
 * fail, `attempt(lines)` tells how it went.
 */
export function createCleanRoot(folder, { architecture, image }) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run("tar", ["-xf", image, "-C", folder]);
  const attempt = (lines, { timeoutMs = 600_000 } = {}) => {
    writeFileSync(join(folder, "tmp", "lines.sh"), lines);
    const around = [
      `mount -t proc proc ${folder}/proc`,
      `mount --rbind /dev ${folder}/dev`,
      `exec chroot ${folder} /bin/sh -e /tmp/lines.sh`,
    ];
    return inNamespace(around.join("\n"), { architecture, timeoutMs });
  };
  return {
    folder,
    attempt,
    run: (lines, options) => {
      const { status, stdout, stderr, error } = attempt(lines, options);
      if (status === 0) return stdout;
      throw new Error(
        `in the root for ${architecture}: ${lines}\n${error?.message ?? ""}\n${stdout.slice(-1500)}\n${stderr.slice(-1500)}`,
      );
    },
  };
}
