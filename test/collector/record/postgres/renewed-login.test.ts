import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openRecord } from "../../../../src/collector/open-record.ts";
import { openPostgres } from "../../../../src/collector/record/postgres/postgres-database.ts";
import { collectorConfigSchema } from "../../../../src/core/contract/config/collector-config.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import {
  asAuthority,
  hasOpenssl,
  type IssuedFiles,
  issueCertificate,
  noAuthority,
} from "../../../support/issue-certificate.ts";
import { hasPostgres, startScratchPostgres } from "../../../support/scratch-postgres.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

test.skipIf(!hasPostgres || !hasOpenssl)(
  "a record goes on by the authority that is in its file by now (with PostgreSQL and openssl)",
  async () => {
    const folder = createTemporaryFolder();
    chmodSync(folder, 0o711);
    const [caFile, certFile, keyFile] = ["ca.pem", "served.pem", "served.key"].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    const [old, next, other] = ["old", "next", "other"].map((name) =>
      issueCertificate(folder, name, { extensions: [asAuthority] }),
    ) as [IssuedFiles, IssuedFiles, IssuedFiles];
    const serve = (issuer: IssuedFiles, name: string): void => {
      const extensions = [noAuthority, `subjectAltName=${name}`];
      const { cert, key } = issueCertificate(folder, "server", { issuer, extensions });
      copyFileSync(cert, certFile);
      copyFileSync(key, keyFile);
      giveToServer(keyFile);
    };
    serve(old, "IP:127.0.0.1");
    copyFileSync(old.cert, caFile);
    const tls = ["ssl=on", `ssl_cert_file=${certFile}`, `ssl_key_file=${keyFile}`];
    const server = await startScratchPostgres(["fsync=off", ...tls]);
    onTestFinished(() => server.close());
    const url = await server.createDatabase();
    const config = collectorConfigSchema().parse({ record: { kind: "postgres", url, caFile, tls: true } });
    const record = await openRecord(config, silentLogger);
    onTestFinished(() => record.close());
    await record.check();
    const restart = async (issuer: IssuedFiles, name: string): Promise<void> => {
      await server.kill();
      serve(issuer, name);
      await server.start();
    };
    const refusal = (hint: string) => expect.objectContaining({ hint: expect.stringContaining(hint) });

    await restart(next, "IP:127.0.0.1");
    await expect(record.check()).rejects.toEqual(refusal("`record.caFile`"));
    copyFileSync(other.cert, caFile);
    await expect(record.check()).rejects.toEqual(refusal("`record.caFile`"));
    copyFileSync(next.cert, caFile);
    await record.check();

    await restart(next, "DNS:database.site");
    await expect(record.check()).rejects.toEqual(refusal("into `record.url`"));
  },
);

test.skipIf(!hasPostgres)(
  "a record goes on by the password that is in its file by now, also where several connections fail together (with PostgreSQL)",
  async () => {
    const folder = createTemporaryFolder();
    chmodSync(folder, 0o711);
    const [rulesFile, passwordFile] = [join(folder, "rules"), join(folder, "password")];
    writeFileSync(rulesFile, "host all keeper 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n");
    const server = await startScratchPostgres(["fsync=off", `hba_file=${rulesFile}`]);
    onTestFinished(() => server.close());
    const url = await server.createDatabase();
    const owner = openPostgres({ url, connections: 1, statementTimeoutMs: 60_000, logger: silentLogger });
    onTestFinished(() => owner.close());
    await owner.exec("CREATE ROLE keeper SUPERUSER LOGIN PASSWORD 'old'");
    writeFileSync(passwordFile, "old\n");
    const record = await openRecord(
      collectorConfigSchema().parse({
        record: { kind: "postgres", url: url.replace("aurora@", "keeper@"), passwordFile, connections: 4 },
      }),
      silentLogger,
    );
    onTestFinished(() => record.close());
    const checkAll = () => Promise.all([1, 2, 3, 4].map(() => record.check()));
    await checkAll();
    await owner.exec("ALTER ROLE keeper PASSWORD 'new'");
    await owner.close();
    await server.kill();
    await server.start();
    await expect(record.check()).rejects.toMatchObject({ message: expect.stringContaining("password") });
    writeFileSync(passwordFile, "new\n");
    await checkAll();
  },
);

/** A server of PostgreSQL takes a key of its own user alone, which is another one where we are root. */
function giveToServer(file: string): void {
  chmodSync(file, 0o600);
  if (process.getuid?.() !== 0) return;
  const [uid, gid] = ["-u", "-g"].map((flag) =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" })),
  );
  chownSync(file, uid!, gid!);
}
