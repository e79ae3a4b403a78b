import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const openssl = "/usr/bin/openssl";

/** Is openssl installed? Tests that need it are skipped by name otherwise. */
export const hasOpenssl: boolean = existsSync(openssl);

export interface IssuedFiles {
  readonly cert: string;
  readonly key: string;
}

interface Wish {
  /** As openssl writes them: `subjectAltName=IP:127.0.0.1`. */
  readonly extensions: readonly string[];
  /** Left out: itself. */
  readonly issuer?: IssuedFiles;
}

/** Of whoever may sign others. */
export const asAuthority: string = "basicConstraints=critical,CA:TRUE";
/** Of all others. */
export const noAuthority: string = "basicConstraints=critical,CA:FALSE";

/** Makes `NAME.pem` and `NAME.key` in `folder`, with NAME as the common name. */
export function issueCertificate(folder: string, name: string, { extensions, issuer }: Wish): IssuedFiles {
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const own = ["-keyout", files.key, "-out", files.cert, "-subj", `/CN=${name}`, "-days", "2"];
  const by = issuer === undefined ? [] : ["-CA", issuer.cert, "-CAkey", issuer.key];
  const more = extensions.flatMap((each) => ["-addext", each]);
  execFileSync(openssl, ["req", "-x509", ...curve, ...own, ...by, ...more], { stdio: "pipe" });
  return files;
}
