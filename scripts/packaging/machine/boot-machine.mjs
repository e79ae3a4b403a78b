// A Debian with a kernel and systemd, booted by QEMU without hardware's help: made once as a tar file, a fresh disk each
// time. What runs in it writes lines to its second serial port; its third has nobody at the other end.
import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { makeImage } from "../clean-root.mjs";
import { run } from "../node-binary.mjs";

const programs = { "qemu-system-x86_64": "qemu-system-x86", mke2fs: "e2fsprogs" };
/** The first disk only: an image for the start with all drivers would take minutes to unpack here. */
const firstModules = ["virtio_pci", "virtio_blk", "ext4"];
/** A kernel with the drivers of serial adapters, which the one for clouds lacks; and who loads them. */
const kernelPackages = ["linux-image-amd64", "systemd-sysv", "udev", "kmod"];

/** What is missing here for a machine, or undefined. */
export function findMachineObstacle() {
  const missing = Object.keys(programs).filter((program) => spawnSync("which", [program]).status !== 0);
  return missing.length === 0
    ? undefined
    : `missing: apt-get install ${missing.map((program) => programs[program]).join(" ")}`;
}

/** The tar file of its root, made once below `folder`; { file } or { missing }. */
export function makeMachineImage(folder) {
  const few = "$1/etc/initramfs-tools/conf.d";
  const list = "$1/usr/share/initramfs-tools/modules.d";
  const hook = `mkdir -p "${few}" "${list}"; echo MODULES=list > "${few}/few"; echo ${firstModules.join(" ")} | tr " " "\\n" > "${list}/few"`;
  return makeImage(folder, "amd64", { name: "machine", extra: kernelPackages, hook });
}

/** Writes a disk with that root, `files` (path in it → file here) and the unit `service`, which is started with the machine. */
export function makeDisk(folder, { image, files, service }) {
  const root = join(folder, "root");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  run("tar", ["-xf", image, "-C", root]);
  const boot = readdirSync(join(root, "boot"));
  const take = (prefix) => {
    cpSync(
      join(
        root,
        "boot",
        boot.find((name) => name.startsWith(prefix)),
      ),
      join(folder, prefix),
    );
    return join(folder, prefix);
  };
  const kernel = take("vmlinuz");
  const initrd = take("initrd");
  writeFileSync(join(root, "etc", "fstab"), "/dev/vda / ext4 defaults 0 1\n");
  writeFileSync(join(root, "etc", "hosts"), "127.0.0.1 localhost\n::1 localhost\n");
  for (const [to, from] of Object.entries(files)) cpSync(from, join(root, to));
  const unit = join("etc", "systemd", "system", service);
  symlinkSync(`/${unit}`, join(root, "etc/systemd/system/multi-user.target.wants", service));
  const disk = join(folder, "disk.img");
  run("mke2fs", ["-q", "-t", "ext4", "-d", root, disk, "3G"]);
  rmSync(root, { recursive: true, force: true });
  return { kernel, initrd, disk };
}

/**
 * Boots it. `onLine(line, machine)` is given what comes by the second serial port, with a way to plug an adapter of a serial
 * line in; ends when the machine is switched off. Throws when it takes longer than `timeoutMs`, or says nothing for `quietMs`.
 */
export async function bootMachine({ kernel, initrd, disk }, { folder, timeoutMs, quietMs, onLine }) {
  const monitor = join(folder, "monitor");
  const log = join(folder, "console.log");
  const fixed =
    "-accel tcg,thread=multi -cpu max -smp 2 -m 1024 -display none -nic none -device qemu-xhci -chardev null,id=adapter";
  const args = fixed
    .split(" ")
    .concat("-kernel", kernel, "-initrd", initrd, "-append", "root=/dev/vda rw console=ttyS0")
    .concat("-drive", `file=${disk},format=raw,if=virtio,cache=unsafe`)
    .concat("-serial", `file:${log}`, "-serial", "stdio", "-serial", "null")
    .concat("-monitor", `unix:${monitor},server,nowait`);
  const machine = spawn("qemu-system-x86_64", args, { stdio: ["ignore", "pipe", "pipe"] });
  let why = "";
  let said = "";
  const end = (reason) => {
    why ||= reason;
    machine.kill("SIGKILL");
  };
  const timeout = setTimeout(() => end(`it was not done within ${timeoutMs / 60_000} min`), timeoutMs);
  const sayNothing = () => setTimeout(() => end(`it said nothing for ${quietMs / 60_000} min`), quietMs);
  let quiet = sayNothing();
  const hands = {
    plugAdapter: () => {
      // Left open until the machine ends: a monitor drops what it has not read of a connection that was closed.
      const hand = connect(monitor).resume();
      hand.on("error", (error) => {
        said += `its monitor: ${error.message}\n`;
      });
      hand.write("device_add usb-serial,chardev=adapter,always-plugged=on\n");
    },
  };
  machine.stderr.on("data", (part) => {
    said = `${said}${part}`.slice(-2000);
  });
  createInterface({ input: machine.stdout }).on("line", (line) => {
    clearTimeout(quiet);
    quiet = sayNothing();
    onLine(line.trimEnd(), hands);
  });
  const stop = () => end("this process was ended");
  process.once("exit", stop);
  const status = await new Promise((resolve) => {
    machine.once("error", (error) => resolve(error.message));
    machine.once("close", resolve);
  });
  process.off("exit", stop);
  clearTimeout(timeout);
  clearTimeout(quiet);
  if (status === 0 && why === "") return;
  const tail = existsSync(log) ? readFileSync(log, "utf8").slice(-600) : "";
  throw new Error(`the machine: ${why || `ended with ${status}`}: ${said}${tail}`);
}
