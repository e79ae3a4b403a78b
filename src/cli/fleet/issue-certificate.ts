/**
 * Issues the certificates of an installation's own authority: X.509 version 3 (RFC 5280) over ECDSA P-256 with SHA-256,
 * written in DER by hand, since Node reads certificates and makes none. Revokes nothing: a name that is struck from the
 * broker's access list has no rights.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSign,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { dayMs } from "../../core/maths/durations.ts";

/** PEM texts. */
export interface IssuedCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface CertificateRequest {
  /** Common name: of a client the user name that the broker knows it by. */
  readonly name: string;
  readonly use: "authority" | "client" | "server";
  readonly fromMs: number;
  readonly days: number;
}

/** Clocks of two machines differ. */
const skewMs = dayMs;

/** Makes a key pair and its certificate, signed by `authority`; an authority signs itself. */
export function issueCertificate(
  request: CertificateRequest,
  authority?: IssuedCertificate & { readonly name: string },
): IssuedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer = authority === undefined ? privateKey : createPrivateKey(authority.keyPem);
  const body = encodeBody(request, {
    issuer: authority?.name ?? request.name,
    publicKey,
    issuerKey: createPublicKey(signer),
  });
  const signature = createSign("SHA256").update(body).sign(signer);
  const certificate = sequence(body, ecdsaWithSha256, bitString(signature));
  return {
    certPem: `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

/** TBSCertificate, section 4.1. */
function encodeBody(
  { name, use, fromMs, days }: CertificateRequest,
  {
    issuer,
    publicKey,
    issuerKey,
  }: { readonly issuer: string; readonly publicKey: KeyObject; readonly issuerKey: KeyObject },
): Buffer {
  const serial = randomBytes(16);
  // Positive, and of the same length always.
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  const version3 = element(0xa0, integer(Buffer.from([2])));
  const validity = sequence(time(fromMs - skewMs), time(fromMs + days * dayMs));
  const key = publicKey.export({ type: "spki", format: "der" });
  // Subject and authority key identifier (sections 4.2.1.2 and 4.2.1.1).
  const keyIds = [
    sequence(oid([2, 5, 29, 14]), element(0x04, element(0x04, keyId(publicKey)))),
    sequence(oid([2, 5, 29, 35]), element(0x04, sequence(element(0x80, keyId(issuerKey))))),
  ];
  const extensions = element(0xa3, sequence(...encodeExtensions(use, name), ...keyIds));
  return sequence(
    version3,
    integer(serial),
    ecdsaWithSha256,
    commonName(issuer),
    validity,
    commonName(name),
    key,
    extensions,
  );
}

function encodeExtensions(use: CertificateRequest["use"], name: string): Buffer[] {
  const isAuthority = use === "authority";
  const isTrue = element(0x01, Buffer.from([0xff]));
  const extension = (id: Buffer, value: Buffer): Buffer => sequence(id, isTrue, element(0x04, value));
  const extensions = [
    extension(oid([2, 5, 29, 19]), isAuthority ? sequence(isTrue) : sequence()),
    // keyCertSign and cRLSign, or digitalSignature (section 4.2.1.3).
    extension(oid([2, 5, 29, 15]), element(0x03, Buffer.from(isAuthority ? [1, 0x06] : [7, 0x80]))),
  ];
  if (isAuthority) return extensions;
  // serverAuth is 1, clientAuth is 2 (section 4.2.1.12).
  const purpose = oid([1, 3, 6, 1, 5, 5, 7, 3, use === "server" ? 1 : 2]);
  extensions.push(sequence(oid([2, 5, 29, 37]), element(0x04, sequence(purpose))));
  if (use === "server")
    extensions.push(sequence(oid([2, 5, 29, 17]), element(0x04, sequence(alternativeName(name)))));
  return extensions;
}

function keyId(key: KeyObject): Buffer {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest()
    .subarray(0, 20);
}

/** An address is iPAddress [7], a name dNSName [2] (section 4.2.1.6). */
function alternativeName(host: string): Buffer {
  const isIpv4 = /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
  return isIpv4
    ? element(0x87, Buffer.from(host.split(".").map(Number)))
    : element(0x82, Buffer.from(host, "ascii"));
}

function commonName(text: string): Buffer {
  return sequence(element(0x31, sequence(oid([2, 5, 4, 3]), element(0x0c, Buffer.from(text, "utf8")))));
}

/** UTCTime until 2049, GeneralizedTime from 2050 on (section 4.1.2.5). */
function time(timeMs: number): Buffer {
  const digits = new Date(timeMs).toISOString().replace(/[-:T]|\.\d+/g, "");
  return Number(digits.slice(0, 4)) < 2050
    ? element(0x17, Buffer.from(digits.slice(2), "ascii"))
    : element(0x18, Buffer.from(digits, "ascii"));
}

/** ITU-T X.690: tag, length in the short or long form, content. */
function element(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const long = length < 0x80 ? [] : length < 0x100 ? [0x81] : [0x82, length >> 8];
  return Buffer.concat([Buffer.from([tag, ...long, length & 0xff]), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

function integer(bytes: Uint8Array): Buffer {
  return element(0x02, bytes);
}

function bitString(bytes: Uint8Array): Buffer {
  return element(0x03, Buffer.concat([Buffer.from([0]), bytes]));
}

function oid([first = 0, second = 0, ...rest]: readonly number[]): Buffer {
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const digits = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return element(0x06, Buffer.from(bytes));
}

const ecdsaWithSha256 = sequence(oid([1, 2, 840, 10045, 4, 3, 2]));
