// The Debian package on a machine that a real systemd has booted: its services start when they say so, are closed, are
// restarted by the watchdog when their work stops, and live through restarts, upgrade, removal and purge. What is done stands
// in try-units.sh, which runs in there; here its lines become cases.
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildDeb, repackDeb } from "../deb.mjs";
import { bootMachine, findMachineObstacle, makeDisk, makeMachineImage } from "./boot-machine.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const name = "the units under a systemd of their own";
const timeoutMs = 40 * 60_000;
/** The longest that a step inside waits in silence, with room: everything is some twenty times as slow as elsewhere. */
const quietMs = 12 * 60_000;

export async function checkMachine(book, work) {
  const obstacle = findMachineObstacle();
  if (obstacle !== undefined) return book.skip(name, obstacle);
  const image = makeMachineImage(join(work, "images"));
  if (image.missing !== undefined) return book.skip(name, image.missing);
  const folder = join(work, "machine");
  const out = join(work, "amd64");
  const file = await buildDeb({ architecture: "amd64", out, quick: true });
  const newer = repackDeb("amd64", { out, version: "99.0.0" });
  const parts = makeDisk(folder, {
    image: image.file,
    service: "units-test.service",
    files: {
      "root/aurora-edge.deb": file,
      "root/newer.deb": newer,
      "root/try-units.sh": join(here, "try-units.sh"),
      "etc/systemd/system/units-test.service": join(here, "units-test.service"),
    },
  });
  const started = performance.now();
  let isWhole = false;
  const cases = [];
  await book.check(`${name}: the machine does all of it`, async () => {
    await bootMachine(parts, {
      folder,
      timeoutMs,
      quietMs,
      onLine: (line, hands) => {
        const [verdict, about, seen] = line.split("\t");
        if (verdict === "plug") hands.plugAdapter();
        if (verdict === "end") isWhole = true;
        if (verdict === "good" || verdict === "wrong") cases.push(noteCase(book, { verdict, about, seen }));
        if (verdict === "seen") process.stderr.write(`${about}:\n  ${seen?.replaceAll("|", "\n  ")}\n`);
      },
    });
    return isWhole ? undefined : "it was switched off before its end";
  });
  await Promise.all(cases);
  book.figure("machineSeconds", Math.round((performance.now() - started) / 1000));
  rmSync(folder, { recursive: true, force: true });
}

function noteCase(book, { verdict, about, seen }) {
  return book.check(`booted: ${about}`, () => (verdict === "good" ? undefined : seen));
}
