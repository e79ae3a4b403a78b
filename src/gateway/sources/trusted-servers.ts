/** Which servers an OPC UA client trusts: those whose certificate, or whose authority's, is in a file. All others are refused. */
import { X509Certificate } from "node:crypto";

/** Why a server's certificate is not good; undefined: it is. */
type CheckCertificate = (der: Uint8Array, nowMs: number) => string | undefined;

/** @param trusted of servers, or of authorities (`CA:TRUE`) */
export function createCertificateCheck(trusted: readonly X509Certificate[]): CheckCertificate {
  return (der, nowMs) => {
    let certificate: X509Certificate;
    try {
      // A chain begins with the server's own; what follows it is not needed, an authority comes from a file.
      certificate = new X509Certificate(der);
    } catch {
      return "not a certificate";
    }
    const { fingerprint256, subject } = certificate;
    const isTrusted = trusted.some(
      (each) =>
        each.fingerprint256 === fingerprint256 ||
        (each.ca &&
          isInTime(each, nowMs) &&
          certificate.checkIssued(each) &&
          certificate.verify(each.publicKey)),
    );
    const name = `${subject.replaceAll("\n", ", ").slice(0, 120)}, SHA-256 ${fingerprint256}`;
    if (!isTrusted) return `the certificate of the server is not trusted (${name})`;
    if (!isInTime(certificate, nowMs)) {
      return `the certificate of the server is valid from ${certificate.validFrom} to ${certificate.validTo} (${name})`;
    }
    return undefined;
  };
}

function isInTime({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return nowMs >= Date.parse(validFrom) && nowMs <= Date.parse(validTo);
}
