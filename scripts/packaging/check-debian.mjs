// The Debian package: whether its units are closed enough and lintian content, and what happens to a clean root in which it
// is installed, run, upgraded, removed and purged.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { judgeDemo, limits, measureMb } from "./check-npm.mjs";
import { createCleanRoot, findObstacle, makeImage } from "./clean-root.mjs";
import { buildDeb, renderUnit, repackDeb } from "./deb.mjs";
import { run } from "./node-binary.mjs";

const megabyte = 1_000_000;
const maxExposure = 2.5;
const units = ["aurora-gateway.service", "aurora-collector.service"];
const home = "/usr/lib/aurora-edge";
const asAurora = "setpriv --reuid aurora --regid aurora --init-groups env HOME=/tmp";

export async function checkDebian(book, { work, architectures, quick }) {
  for (const architecture of architectures) {
    const obstacle = findObstacle(architecture);
    if (obstacle !== undefined) book.skip(`the package for ${architecture}`, obstacle);
    else await checkArchitecture(book, { work, architecture, quick });
  }
}

/** How closed the units are, by systemd itself. */
export async function checkUnits(book, folder) {
  mkdirSync(folder, { recursive: true });
  for (const unit of units) {
    await book.check(`exposure of ${unit} is at most ${maxExposure}`, () => {
      const file = join(folder, unit);
      writeFileSync(file, renderUnit(unit));
      const said = run("systemd-analyze", ["security", "--offline=true", "--no-pager", file]);
      const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(said)?.[1]);
      book.figure(`exposure ${unit}`, exposure);
      return exposure <= maxExposure ? undefined : String(exposure);
    });
  }
}

/** What lintian finds wrong with a package, or why it could not look at it; nothing where it is content. */
export function askLintian(file) {
  const { status, stdout, stderr, error } = spawnSync("lintian", ["--fail-on", "error,warning", file], {
    encoding: "utf8",
  });
  if (error !== undefined) return error.message;
  const tags = stdout.split("\n").filter((line) => /^[EW]: /.test(line));
  if (tags.length > 0) return tags.join("; ");
  return status === 0 ? undefined : `lintian ended with ${status}: ${stderr.trim()}`;
}

async function checkArchitecture(book, { work, architecture, quick }) {
  const folder = join(work, architecture);
  let file;
  await book.check(`the package for ${architecture} is built`, async () => {
    file = await buildDeb({ architecture, out: folder, quick });
    const size = Math.round((statSync(file).size / megabyte) * 10) / 10;
    book.figure(`debMb ${architecture}${quick ? " (little compressed)" : ""}`, size);
    return quick || size <= limits.debMb ? undefined : `${size} MB`;
  });
  if (file === undefined) return;
  await book.check(`lintian is content with ${basename(file)}`, () => askLintian(file));
  const image = makeImage(join(work, "images"), architecture);
  if (image.missing !== undefined) {
    book.skip(`a clean root for ${architecture}`, image.missing);
    return;
  }
  const root = createCleanRoot(join(folder, "root"), { architecture, image: image.file });
  const context = { book, root, architecture, folder };
  await checkInstalled(context, file);
  await checkOptionalPackage(context);
  await checkInit(context);
  await checkRun(context);
  if (architecture === run("dpkg", ["--print-architecture"]).trim()) await checkService(context);
  await checkLife(context, repackDeb(architecture, { out: folder, version: "99.0.0" }));
  rmSync(root.folder, { recursive: true, force: true });
}

async function checkInstalled({ book, root, architecture }, file) {
  await book.check(`dpkg -i in a clean root, ${architecture}`, () => {
    copyFileSync(file, join(root.folder, "tmp", "aurora-edge.deb"));
    root.run("dpkg -i /tmp/aurora-edge.deb && rm /tmp/aurora-edge.deb && dpkg --audit");
    const gateway =
      measureMb(join(root.folder, home)) - statSync(join(root.folder, home, "bin", "node")).size / megabyte;
    book.figure(`gatewayOnDiskMb ${architecture}`, Math.round(gateway * 10) / 10);
    return gateway <= limits.gatewayMb ? undefined : `${gateway} MB without Node`;
  });
  await book.check(`user, group of serial ports, state folder, ${architecture}`, () => {
    const said = root.run("id -nG aurora; stat -c '%U %a' /var/lib/aurora");
    return said === "aurora dialout\naurora 755\n" ? undefined : said;
  });
  await book.check(`both configurations are valid as they come, ${architecture}`, () => {
    root.run(
      "aurora config validate /etc/aurora/gateway.yaml && aurora config validate /etc/aurora/collector.yaml collector",
    );
  });
}

async function checkInit({ book, root, architecture }) {
  await book.check(`what init writes under a strict umask the service's user reads, ${architecture}`, () => {
    const said = root.run(`cd /etc/aurora; mv gateway.yaml kept.yaml
      (umask 077; aurora init /etc/aurora/gateway.yaml --gateway gw-1 --site north --connect mqtt --bearing 6205-2RS --yes)
      ${asAurora} aurora config validate gateway.yaml; mv kept.yaml gateway.yaml`);
    return said.includes("systemctl enable --now aurora-gateway") ? undefined : said;
  });
}

/** A package of npm's, made by hand where Debian's npm puts global ones: what the answer to a missing one leads to. */
async function checkOptionalPackage({ book, root, architecture }) {
  await book.check(
    `an optional package is missed, and found where npm install -g puts it, ${architecture}`,
    () => {
      const ask =
        "aurora config validate /usr/share/doc/aurora-edge/examples/gateway-modbus.yaml 2>&1 || true";
      const missing = "modbus-serial, which reads Modbus TCP, is not installed";
      const before = root.run(ask);
      const place = "/usr/local/lib/node_modules/modbus-serial";
      root.run(
        `mkdir -p ${place}; echo '{"name":"modbus-serial","main":"a.js"}' > ${place}/package.json; : > ${place}/a.js`,
      );
      const after = root.run(ask);
      root.run("rm -r /usr/local/lib/node_modules");
      return before.includes(missing) && !after.includes(missing) ? undefined : `${before}${after}`;
    },
  );
}

async function checkRun({ book, root, architecture, folder }) {
  await book.check(`golden vectors of every shipped bundle, ${architecture}`, () => {
    const prove = `for dir in ${home}/models/*/1.0.0; do
      digest=$(aurora bundle verify $dir --json | tr -d '\\n ' | sed -E 's/.*"digest":"([0-9a-f]+)".*/\\1/')
      echo "{\\"formatVersion\\":1,\\"bundleDir\\":\\"$dir\\",\\"digest\\":\\"$digest\\",\\"engine\\":\\"onnx\\"}" | ${home}/bin/node ${home}/build/aurora/prove-main.js
      echo
    done`;
    const reports = root
      .run(prove)
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    book.figure(`goldenReports ${architecture}`, reports.length);
    return reports.length > 0 && reports.every(({ ok, engine }) => ok && engine === "onnx")
      ? undefined
      : JSON.stringify(reports);
  });
  await book.check(`aurora demo runs to the alert, ${architecture}`, () => {
    const printed = root.run(`cd /tmp; ${asAurora} aurora demo --until alert --json --seed 7`);
    return judgeDemo(printed, folder);
  });
}

/** What systemd would hear; who would hear it is a socket of ours. */
async function checkService({ book, root }) {
  await book.check(
    "a gateway tells its service manager that it is ready, that it works, and that it stops",
    () => {
      const socket = join(root.folder, "run", "notify");
      const heard = join(root.folder, "tmp", "heard");
      const lines = `
      mkdir -p /var/lib/aurora/gateway; chown aurora: /var/lib/aurora/gateway; cd /var/lib/aurora/gateway
      NOTIFY_SOCKET=/run/notify WATCHDOG_USEC=2000000 ${asAurora} aurora gateway --config /etc/aurora/gateway.yaml > /tmp/log 2>&1 & pid=$!
      tries=0
      until grep -q WATCHDOG=1 /tmp/heard; do tries=$((tries + 1)); [ $tries -lt 600 ] || { cat /tmp/log; exit 1; }; sleep 0.1; done
      kill $pid; wait $pid`;
      // socat listens outside: whatever systemd-notify sends comes as one datagram each.
      const listen = `: > ${heard}; rm -f ${socket}; socat -u UNIX-RECV:${socket},mode=666 OPEN:${heard},append & socat=$!`;
      const inside = `echo '${Buffer.from(lines).toString("base64")}' | base64 -d > ${root.folder}/tmp/lines.sh`;
      const around = `mount -t proc proc ${root.folder}/proc; mount --rbind /dev ${root.folder}/dev; chroot ${root.folder} /bin/sh -e /tmp/lines.sh`;
      const shell = `${listen}; ${inside}; ${around}; sleep 0.5; kill $socat`;
      run("unshare", ["-mpf", "--mount-proc", "sh", "-ec", shell], { timeout: 120_000 });
      const said = readFileSync(heard, "utf8");
      const missing = ["READY=1", "WATCHDOG=1", "STOPPING=1"].filter((word) => !said.includes(word));
      return missing.length === 0 ? undefined : `heard ${JSON.stringify(said)}, not ${missing.join(", ")}`;
    },
  );
}

async function checkLife({ book, root, architecture }, newer) {
  const state = join(root.folder, "var", "lib", "aurora", "gateway", "kept");
  const configuration = join(root.folder, "etc", "aurora", "gateway.yaml");
  const changed = "# changed by its owner\n";
  await book.check(`an upgrade keeps state and a changed configuration, ${architecture}`, () => {
    root.run(
      "mkdir -p /var/lib/aurora/gateway; echo state > /var/lib/aurora/gateway/kept; chown -R aurora: /var/lib/aurora",
    );
    writeFileSync(configuration, readFileSync(configuration, "utf8") + changed);
    copyFileSync(newer, join(root.folder, "tmp", "newer.deb"));
    root.run(
      "dpkg -i /tmp/newer.deb < /dev/null && rm /tmp/newer.deb && dpkg -s aurora-edge | grep -qx 'Version: 99.0.0'",
    );
    if (!existsSync(state)) return "the state is gone";
    return readFileSync(configuration, "utf8").endsWith(changed)
      ? undefined
      : "the configuration was overwritten";
  });
  await book.check(`removal leaves state and configuration, and no program, ${architecture}`, () => {
    root.run("dpkg -r aurora-edge");
    if (!existsSync(state) || !existsSync(configuration)) return "state or configuration is gone";
    const left = [home, "/usr/bin/aurora"].filter((path) => existsSync(join(root.folder, path)));
    return left.length > 0 ? left.join(", ") : undefined;
  });
  await book.check(`purge ends well where a disk is mounted for the state, ${architecture}`, () => {
    root.run(
      'mount -t tmpfs disk /var/lib/aurora; touch /var/lib/aurora/kept; sh /var/lib/dpkg/info/aurora-edge.postrm purge && test -z "$(ls -A /var/lib/aurora)"',
    );
  });
  await book.check(`purge leaves nothing but the user, ${architecture}`, () => {
    root.run("dpkg -P aurora-edge");
    const left = root
      .run("find / -xdev -iname '*aurora*' -not -path '/proc/*' -not -path '/dev/*' -not -path '/tmp/*'")
      .trim();
    return left === "" ? undefined : left;
  });
}
