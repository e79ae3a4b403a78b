// The compose file without its images: the very commands, arguments, environment, volumes, secrets and users that it gives its
// services, run with Debian's mosquitto and PostgreSQL and this checkout, in a root and a network of their own that vanish.
// Says nothing of the images themselves.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const here = dirname(fileURLToPath(import.meta.url));
const checkout = dirname(dirname(here));
const container = join(here, "container");
/** Where the checkout lies in the root: its own place may be below a folder that is empty there. */
const inside = "/srv/aurora";
const programs = ["unshare", "chroot", "setpriv", "ip", "mosquitto", "usermod", "useradd"];
const quote = (word) => `'${String(word).replaceAll("'", "'\\''")}'`;

/** What compose.yaml says of volumes and secrets, as mounts below the folder that it lies in. */
function listMounts({ services, secrets }) {
  const mounts = Object.values(services).flatMap(({ volumes = [], secrets: wanted = [] }) => [
    ...volumes.map((volume) => {
      const [source, target, mode] = volume.split(":");
      return { source: source.startsWith(".") ? source : `../volumes/${source}`, target, mode };
    }),
    ...wanted.map((name) => ({ source: secrets[name].file, target: `/run/secrets/${name}`, mode: "ro" })),
  ]);
  return [...new Map(mounts.map((mount) => [mount.target, mount])).values()];
}

/** Shell lines that bring the services up in a root that may be changed, and ask a gateway's doctor. */
function renderLines(compose) {
  const { broker, record, collector } = compose.services;
  const healthy = /CMD \["[^"]+", "-e", "(.*)"\]/.exec(
    readFileSync(join(container, "Containerfile"), "utf8"),
  )[1];
  const aurora = `${quote(process.execPath)} ${inside}/dist/src/cli/main.js`;
  const postgres = "$(ls -d /usr/lib/postgresql/*/bin | tail -1)";
  const asUser = "setpriv --reuid 999 --regid 999 --clear-groups --no-new-privs --bounding-set -all";
  return `
ip link set lo up
for name in ${Object.keys(compose.services).join(" ")}; do echo "127.0.0.1 $name" >> /etc/hosts; done
usermod --uid 1883 mosquitto
# Both images give their user this number.
usermod --uid 999 postgres
mkdir -p /srv/compose && cp -r ${inside}/scripts/packaging/container/. /srv/compose && cd /srv/compose
${aurora} fleet enrol gw-1 --site my-site --dir enrolment > /dev/null
(umask 077; head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \\n' > record.password)
chown -R 1883 enrolment/broker
chown -R 999 enrolment/collector enrolment/enrol* record.password
chown 999 enrolment
${Object.keys(compose.volumes)
  .map((name) => `mkdir -p ../volumes/${name}`)
  .join("\n")}
chown 1883 ../volumes/broker; chown 999 ../volumes/record ../volumes/state
${listMounts(compose)
  .map(({ source, target, mode }) => {
    const make = `if [ -d ${source} ]; then mkdir -p ${target}; else mkdir -p ${dirname(target)}; touch ${target}; fi`;
    const mount = `mount --bind ${source} ${target}`;
    return `${make}; ${mount}${mode === "ro" ? `; mount -o remount,bind,ro ${target}` : ""}`;
  })
  .join("\n")}
${broker.command.map(quote).join(" ")} > /tmp/broker.log 2>&1 &
# As the image's own start does with these variables.
${Object.entries(record.environment)
  .map(([name, value]) => `${name}=${quote(value)}`)
  .join("\n")}
cp "$POSTGRES_PASSWORD_FILE" /tmp/password && chown postgres /tmp/password && mkdir -p /run/postgresql && chown postgres /run/postgresql
as_postgres="setpriv --reuid postgres --regid postgres --init-groups"
$as_postgres ${postgres}/initdb -D /var/lib/postgresql/data -U "$POSTGRES_USER" --pwfile /tmp/password -A scram-sha-256 > /tmp/record.log
$as_postgres ${postgres}/postgres -D /var/lib/postgresql/data >> /tmp/record.log 2>&1 &
for i in $(seq 120); do ${record.healthcheck.test.slice(1).map(quote).join(" ")} > /dev/null && break; sleep 0.5; done
PGPASSWORD=$(cat /tmp/password) ${postgres}/createdb -h 127.0.0.1 -U "$POSTGRES_USER" "$POSTGRES_DB"
${collector.read_only === true ? "mount -o remount,bind,ro /" : ""}
${(collector.tmpfs ?? []).map((path) => `mount -t tmpfs tmpfs ${path}`).join("\n")}
${asUser} ${aurora} ${collector.command.map(quote).join(" ")} > /dev/shm/collector.log 2>&1 &
export HOME=/tmp
for i in $(seq 120); do ${quote(process.execPath)} -e ${quote(healthy)} && break; sleep 0.5; done || { cat /dev/shm/collector.log; exit 1; }
G=enrolment/gateways/gw-1
${aurora} init /tmp/gateway.yaml --gateway gw-1 --site my-site --turbine WT1 --device mcu-1 --connect mqtt --bearing 6205-2RS \\
  --broker mqtt://broker:1883 --username gw-1 --password-file $PWD/$G/mqtt.password --ack-key-file $PWD/$G/ack.key --state-dir /tmp/state --yes >&2
${aurora} doctor --config /tmp/gateway.yaml --json || true
cat /dev/shm/collector.log >&2
`;
}

/** Why it cannot be tried here, or undefined. */
function findObstacle() {
  const missing = programs.filter((program) => spawnSync("which", [program]).status !== 0);
  if (!existsSync("/usr/lib/postgresql")) missing.push("postgresql");
  return missing.length > 0 ? `missing: ${missing.join(" ")}` : undefined;
}

export async function checkCompose(book, work) {
  const obstacle = findObstacle();
  if (obstacle !== undefined) {
    book.skip("the compose file", obstacle);
    return;
  }
  const compose = parse(readFileSync(join(container, "compose.yaml"), "utf8"));
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  writeFileSync(join(work, "inside.sh"), renderLines(compose));
  // What is written goes to memory, and with it, whatever happens.
  const outside = `
mount --make-rprivate /
mkdir ${quote(work)}/layer; mount -t tmpfs tmpfs ${quote(work)}/layer; cd ${quote(work)}/layer; mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
mount -t proc proc root/proc; mount --rbind /dev root/dev; mount -t tmpfs tmpfs root/tmp; mount -t tmpfs tmpfs root/run
cp ${quote(work)}/inside.sh root/srv/inside.sh
mkdir root${inside}; mount --rbind ${quote(checkout)} root${inside}
exec chroot root bash -e /srv/inside.sh`;
  let said;
  await book.check("the services of the compose file run, and a gateway's record is stored by them", () => {
    const args = ["--mount", "--net", "--pid", "--uts", "--fork", "--kill-child", "bash", "-ec", outside];
    said = spawnSync("unshare", args, { encoding: "utf8", timeout: 300_000, maxBuffer: 1 << 26 });
    if (said.error !== undefined) return said.error.message;
    if (said.status !== 0) return `${said.stdout}${said.stderr}`.slice(-2_000);
    const found = JSON.parse(said.stdout).results.filter(({ name }) =>
      ["broker", "collector"].includes(name),
    );
    const bad = found.filter(({ verdict }) => verdict === "bad" || verdict === "skipped");
    const stored = found.some(({ name, text }) => name === "collector" && /stored/.test(text));
    if (bad.length === 0 && stored) return undefined;
    return `${JSON.stringify(found)} ${said.stderr}`.slice(0, 2_000);
  });
}
