/** The certificates of a PEM text that may hold several, each by itself: TLS takes none that follows a damaged one. Judges none. */
import { X509Certificate } from "node:crypto";

interface PemCertificate {
  /** Where it begins, from 1. */
  readonly line: number;
  /** Text before it on that line keeps it from being seen. */
  readonly startsLine: boolean;
  /** Undefined where it cannot be read. */
  readonly certificate: X509Certificate | undefined;
}

/** Extended key usage of a server (RFC 5280, 4.2.1.12), which Node calls the key usage. */
export const serverUse = "1.3.6.1.5.5.7.3.1";

/** Not behind `#`: that one was taken out on purpose. */
const certificateStart = /(?<=^|\n)(?![^\S\n]*#)([^\n]*?)-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/** In their order. Other blocks and text between them are passed over, as OpenSSL does. */
export function readPemCertificates(pem: string): readonly PemCertificate[] {
  const starts = [...pem.matchAll(certificateStart)].map(({ index, 1: before = "" }) => ({
    at: index + before.length,
    // OpenSSL takes a byte order mark for nothing.
    startsLine: before === "" || before === "\uFEFF",
  }));
  let line = 1;
  return starts.map(({ at, startsLine }, index) => {
    for (let from = starts[index - 1]?.at ?? 0; from < at; from++) if (pem[from] === "\n") line++;
    const certificate = startsLine ? parseCertificate(pem.slice(at, starts[index + 1]?.at)) : undefined;
    return { line, startsLine, certificate };
  });
}

/** The first certificate of a PEM text; undefined where it holds none. */
export function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    // OpenSSL says no more than that it is none.
    return undefined;
  }
}

/** The application URI of a certificate of OPC UA, which its session must bear; undefined where it has none. */
export function readApplicationUri({ subjectAltName }: X509Certificate): string | undefined {
  return /(?:^|, )URI:([^,\s"]{1,256})/.exec(subjectAltName ?? "")?.[1];
}
