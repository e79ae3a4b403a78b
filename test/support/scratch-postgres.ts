import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { findFreePort } from "./free-port.ts";
import { hasEnded } from "./has-ended.ts";

const versions = "/usr/lib/postgresql";

/** The newest server of Debian's packages that the record can use, or null. */
function findPrograms(): string | null {
  if (!existsSync(versions)) return null;
  const usable = readdirSync(versions)
    .filter((version) => Number(version) >= 15 && existsSync(join(versions, version, "bin/initdb")))
    .sort((a, b) => Number(b) - Number(a));
  return usable[0] === undefined ? null : join(versions, usable[0], "bin");
}

const programs = findPrograms();

/** Is the Debian package installed? Tests that need it are skipped by name otherwise. */
export const hasPostgres: boolean = programs !== null;

/**
 * Is the extension TimescaleDB installed for this server? Debian has no package of it: it comes from its maker's, where somebody
 * has installed that.
 */
export const hasTimescale: boolean =
  programs !== null &&
  existsSync(`/usr/share/postgresql/${basename(dirname(programs))}/extension/timescaledb.control`);

/** A server on loopback with a cluster of its own, whose user `aurora` owns everything. */
export interface ScratchPostgres {
  readonly port: number;
  /** Address of a fresh, empty database. */
  createDatabase(): Promise<string>;
  /** As a power cut would. */
  kill(): Promise<void>;
  /** Stops answering, and keeps all connections; until {@link goOn}. */
  freeze(): void;
  goOn(): void;
  start(): Promise<void>;
  /** Copies its files, as a backup does; whoever is connected loses that. */
  keepCopy(): Promise<void>;
  /** Goes on as it was when the copy was made: as a standby that was behind, or a restored backup. */
  becomeCopy(): Promise<void>;
  /** Kills and tidies up. */
  close(): Promise<void>;
}

/** Starts one; `settings` are further settings of its configuration, `name=value`. */
export async function startScratchPostgres(settings: readonly string[] = []): Promise<ScratchPostgres> {
  if (programs === null) throw new Error("no PostgreSQL is installed");
  const scratch = createScratchFolder("postgres");
  const user = unprivilegedUser();
  const data = join(scratch.path, "data");
  if (user !== null) openTo(scratch.path, user);
  const initdb = ["-D", data, "--no-sync", "-A", "trust", "-U", "aurora", "-E", "UTF8", "--locale=C"];
  execFileSync(join(programs, "initdb"), initdb, { ...user, cwd: scratch.path, stdio: "pipe" });
  const port = await findFreePort();
  const lines = [`port=${port}`, "listen_addresses=127.0.0.1", "unix_socket_directories=", ...settings];
  const program = join(programs, "postgres");
  let child: ChildProcess | null = null;
  let databases = 0;
  const administer = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client(`postgres://aurora@127.0.0.1:${port}/postgres`);
    client.on("error", () => {});
    try {
      await client.connect();
      return await work(client);
    } finally {
      await client.end().catch(() => {});
    }
  };
  const server: ScratchPostgres = {
    port,
    createDatabase: () =>
      administer(async (client) => {
        const name = `record_${databases++}`;
        await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
        return `postgres://aurora@127.0.0.1:${port}/${name}`;
      }),
    async kill() {
      if (child === null) return;
      if (!hasEnded(child)) {
        const gone = once(child, "exit");
        // Its processes would see that they are alone a moment later only, and answer until then.
        signalAll(child, "SIGSTOP");
        signalForked(child, "SIGKILL");
        child.kill("SIGKILL");
        await gone;
      }
      child = null;
    },
    freeze: () => void signalAll(child, "SIGSTOP"),
    goOn: () => void signalAll(child, "SIGCONT"),
    async start() {
      const options = lines.flatMap((line) => ["-c", line]);
      const spawning = { ...user, cwd: scratch.path, stdio: "ignore" } as const;
      // After a kill the old server's own processes need a moment to see that they are alone.
      for (let attempt = 0; attempt < 100; attempt++) {
        const running = endWithProcess(spawn(program, ["-D", data, ...options], spawning));
        child = running;
        while (!hasEnded(running)) {
          const answers = await administer((client) => client.query("SELECT 1")).catch(() => null);
          if (answers !== null) return;
          await delay(20);
        }
        await delay(50);
      }
      throw new Error("PostgreSQL does not start");
    },
    async keepCopy() {
      await server.kill();
      execFileSync("cp", ["-a", data, `${data}-copy`]);
      await server.start();
    },
    async becomeCopy() {
      await server.kill();
      rmSync(data, { recursive: true });
      renameSync(`${data}-copy`, data);
      await server.start();
    },
    async close() {
      await server.kill();
      scratch.remove();
    },
  };
  await server.start();
  return server;
}

/** One that has loaded TimescaleDB, in whose databases the extension is; it tells its maker nothing. */
export async function startScratchTimescale(settings: readonly string[] = []): Promise<ScratchPostgres> {
  const loading = ["shared_preload_libraries=timescaledb", "timescaledb.telemetry_level=off"];
  const server = await startScratchPostgres(loading.concat(settings));
  return {
    ...server,
    createDatabase: async () => {
      const url = await server.createDatabase();
      const client = new pg.Client(url);
      await client.connect();
      await client.query("CREATE EXTENSION timescaledb").finally(() => client.end());
      return url;
    },
  };
}

/** The server, and then the processes that it has forked: one that is stopped forks no more. */
function signalAll(child: ChildProcess | null, signal: NodeJS.Signals): void {
  if (child?.pid === undefined) return;
  process.kill(child.pid, signal);
  signalForked(child, signal);
}

function signalForked({ pid: parent }: ChildProcess, signal: NodeJS.Signals): void {
  const forked = execFileSync("ps", ["-o", "pid=", "--ppid", String(parent)], { encoding: "utf8" });
  for (const pid of (forked.match(/\d+/g) ?? []).map(Number)) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // One that has ended since it was listed.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** PostgreSQL refuses to run as root; null: we are not root. */
function unprivilegedUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}

/** Gives a folder to a user, who may also pass through the temporary folders above it. */
function openTo(path: string, { uid, gid }: { readonly uid: number; readonly gid: number }): void {
  chownSync(path, uid, gid);
  for (let above = dirname(path); above !== "/"; above = dirname(above)) {
    const { mode } = statSync(above);
    if ((mode & 0o001) === 0) chmodSync(above, (mode & 0o7777) | 0o011);
  }
}
