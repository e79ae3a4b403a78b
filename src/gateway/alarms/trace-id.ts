/** The trace id of a window: 32 hex digits as W3C Trace Context wants them, the same wherever it is computed. */

const offsetBasis = 0x6c62272e07bb014262b821756295c58dn;
const prime = 0x0000000001000000000000000000013bn;
const mask = (1n << 128n) - 1n;

/** FNV-1a, 128 bits, over the UTF-8 bytes of a window's id (Fowler, Noll, Vo; RFC 9923). Not a secret, not a proof. */
export function computeTraceId(windowId: string): string {
  let hash = offsetBasis;
  for (const byte of new TextEncoder().encode(windowId)) hash = ((hash ^ BigInt(byte)) * prime) & mask;
  return hash.toString(16).padStart(32, "0");
}
