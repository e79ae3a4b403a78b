/** What helps a client of TLS that does not take a server's certificate, by the code of Node and OpenSSL. Speaks of no broker: `mqtt` has words of its own. */

/** How whoever configures the client calls what belongs to it. */
interface TlsClient {
  /** Where the authorities are named: `record.caFile`. */
  readonly authorities: string;
  /** Where the server's name is written: `record.url`. */
  readonly address: string;
}

type Cure = (client: TlsClient) => string;

const cures: readonly (readonly [codes: RegExp, cure: Cure])[] = [
  [
    /^(UNABLE_TO_(GET|VERIFY|DECODE)_|SELF_SIGNED_CERT_IN_CHAIN$|DEPTH_ZERO_SELF_SIGNED_CERT$)/,
    ({ authorities }) =>
      `Name the authority that signed the server's certificate in ${authorities}, with the root above it; the server must send those between.`,
  ],
  [
    /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/,
    () =>
      "Compare both machines' clocks; if they are right, renew the server's certificate, or that of its authority.",
  ],
  [
    /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    ({ address }) =>
      `Write a name that the server's certificate is for into ${address}, or have one issued for this name.`,
  ],
  [
    /^(CERT_|CRL_|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$|UNSPECIFIED$|EXCLUDED_VIOLATION$|PERMITTED_VIOLATION$)/,
    () => "Have the server's certificate issued anew, for a server of this name, by a good authority.",
  ],
];

/** Undefined where the server's certificate is not what is wrong. */
export function cureCertificate(error: unknown, client: TlsClient): string | undefined {
  const { code } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (typeof code !== "string") return undefined;
  return cures.find(([codes]) => codes.test(code))?.[1](client);
}
