/** The host that a URL names, as a socket wants it: an IPv6 address without the brackets that a URL writes around it. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}
