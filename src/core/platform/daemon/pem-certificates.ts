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

/** In their order. Other blocks and text between them are passed over, as OpenSSL does. */
export function readPemCertificates(pem: string): readonly PemCertificate[] {
  const starts = [...pem.matchAll(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g)].map(
    ({ index }) => index,
  );
  let line = 1;
  return starts.map((start, index) => {
    for (let at = starts[index - 1] ?? 0; at < start; at++) if (pem[at] === "\n") line++;
    // OpenSSL takes a byte order mark for nothing.
    const startsLine = /(?:^|\n)\uFEFF?$/.test(pem.slice(Math.max(0, start - 2), start));
    const certificate = startsLine ? parseCertificate(pem.slice(start, starts[index + 1])) : undefined;
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
