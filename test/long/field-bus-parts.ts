/**
 * Optional parts that the tests of OPC UA need, kept below `build` once they are installed (about 90 MB, a minute the
 * first time): `node-opcua-client`, and the server `asyncua` of Python. Nothing of them is part of the checkout.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import Module from "node:module";
import { join } from "node:path";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";

const folder = join(packageRoot(), "build", "field-bus");
const packages = join(folder, "node_modules");
const python = join(folder, "python");
/** The last one that runs on Node 20. */
const client = "node-opcua-client@2.182.2";
const server = "asyncua==2.1.0";

/** Installs what is missing, and lets this process find it; false where it cannot be installed. */
export function prepareOpcUa(): boolean {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(packages, "node-opcua-client"))) {
    writeFileSync(join(folder, "package.json"), '{"private":true}');
    const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund", client], { cwd: folder });
    if (status !== 0) return false;
  }
  if (!existsSync(join(python, "asyncua"))) {
    const { status } = spawnSync("python3", ["-m", "pip", "install", "--quiet", "--target", python, server]);
    if (status !== 0) return false;
  }
  process.env.PYTHONPATH = python;
  // As where it is installed beside the gateway.
  process.env.NODE_PATH = packages;
  (Module as unknown as { _initPaths(): void })._initPaths();
  return true;
}

/** Makes certificates. */
export const openssl = "/usr/bin/openssl";

/** Files of a certificate and its key. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** A certificate with an application URI, signed by itself or by `issuer`. */
export function createIdentity(folder: string, name: string, issuer?: Identity): Identity {
  const identity = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) };
  const extensions = [
    `subjectAltName=URI:urn:aurora:test:${name},DNS:localhost`,
    "keyUsage=digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment,keyCertSign",
    "extendedKeyUsage=clientAuth,serverAuth",
  ].flatMap((each) => ["-addext", each]);
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${name}`];
  const by = issuer === undefined ? [] : ["-CA", issuer.cert, "-CAkey", issuer.key];
  execFileSync(openssl, [...request, ...extensions, ...by, "-keyout", identity.key, "-out", identity.cert], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  return identity;
}
