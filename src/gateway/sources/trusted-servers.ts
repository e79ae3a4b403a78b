/**
 * Which servers an OPC UA client trusts: those whose certificate is in a file, and those whose authority's is, where it was
 * issued for a server at this host. All others are refused.
 */
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { serverUse } from "../../core/platform/daemon/pem-certificates.ts";

/** Why a server's certificate is not good; undefined: it is. */
type CheckCertificate = (der: Uint8Array, nowMs: number) => string | undefined;

/**
 * @param trusted of servers, or of authorities (`CA:TRUE`)
 * @param host that the client was told to connect to
 */
export function createCertificateCheck(trusted: readonly X509Certificate[], host: string): CheckCertificate {
  return (der, nowMs) => {
    let certificate: X509Certificate;
    try {
      // A chain begins with the server's own; what follows it is not needed, an authority comes from a file.
      certificate = new X509Certificate(der);
    } catch {
      return "not a certificate";
    }
    const { fingerprint256, subject, validFrom, validTo } = certificate;
    const problem = isInTime(certificate, nowMs) ? undefined : `is valid from ${validFrom} to ${validTo}`;
    const refusal = trusted.some((each) => each.fingerprint256 === fingerprint256)
      ? problem
      : trusted.some((each) => isIssuer(each, certificate, nowMs))
        ? (problem ?? findMisuse(certificate, host))
        : "is not trusted";
    const name = `${subject.replaceAll("\n", ", ").slice(0, 120)}, SHA-256 ${fingerprint256}`;
    return refusal === undefined ? undefined : `the certificate of the server ${refusal} (${name})`;
  };
}

function isIssuer(authority: X509Certificate, certificate: X509Certificate, nowMs: number): boolean {
  return (
    authority.ca &&
    isInTime(authority, nowMs) &&
    certificate.checkIssued(authority) &&
    certificate.verify(authority.publicKey)
  );
}

/** An authority issues for many: who is no server, or another one, must not answer in this one's name (OPC 10000-4, 6.1.3). */
function findMisuse(certificate: X509Certificate, host: string): string | undefined {
  // Without it a certificate is for any use.
  if (certificate.keyUsage?.includes(serverUse) === false) return "was not issued for a server";
  const isForHost =
    isIP(host) === 0
      ? // No certificate names the root of all names, as an address may.
        certificate.checkHost(host.replace(/\.$/, ""), { subject: "never" })
      : certificate.checkIP(host);
  if (isForHost !== undefined) return undefined;
  const names = certificate.subjectAltName?.slice(0, 200) ?? "no name";
  return `is for ${names}, not for ${host}`;
}

function isInTime({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return nowMs >= Date.parse(validFrom) && nowMs <= Date.parse(validTo);
}
