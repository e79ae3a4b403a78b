/** The gateway's own port: does this gateway answer there, somebody else, or is it free? */
import { createServer } from "node:net";
import { isClosedToHttp } from "../../core/contract/config/config-parts.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { bad, type CheckResult, good, warning } from "./check-result.ts";
import type { FoundGateway } from "./find-gateway.ts";

export async function checkPort(
  { gateway }: Pick<GatewayConfig, "gateway">,
  { url, page, isLate, missing }: FoundGateway,
): Promise<CheckResult> {
  const name = "gateway's port";
  const advice = "Give it another port under gateway.httpPort, or end the other program.";
  if (page?.gateway === gateway.id) return good(name, `the gateway answers at ${url}`);
  if (page !== null) return bad(name, `the gateway ${page.gateway} answers at ${url}`, advice);
  if (gateway.httpPort === 0) {
    if (missing?.isNone === true) return good(name, "any that is free; no gateway runs");
    if (missing !== null) return warning(name, missing.message, missing.hint);
    const text = `any that is free; the gateway that ran at ${url} does not answer: ended at once, or at its limit`;
    return warning(name, text, "Look at the gateway's log and at the load of this machine.");
  }
  if (isClosedToHttp(gateway.httpPort)) {
    const text = `${gateway.httpPort} is a port that no command opens a page on: whether the gateway runs is not known`;
    return warning(name, text, "Write another port under gateway.httpPort.");
  }
  const refusal = await tryToListen(gateway.httpHost, gateway.httpPort);
  if (refusal === undefined) return good(name, `${gateway.httpPort} is free; no gateway runs`);
  if (refusal === "EADDRINUSE" && isLate) {
    const text = `whoever listens on ${gateway.httpHost}:${gateway.httpPort} does not answer: this gateway at its limit, or another program`;
    return bad(name, text, "Look at the gateway's log and at the load of this machine, then ask again.");
  }
  if (refusal === "EADDRINUSE") {
    return bad(name, `another program listens on ${gateway.httpHost}:${gateway.httpPort}`, advice);
  }
  const text = `${gateway.httpHost}:${gateway.httpPort} cannot be listened on (${refusal})`;
  return bad(name, text, "Write an address of this machine under gateway.httpHost, and a port above 1023.");
}

/** The code of the refusal; undefined: it can be listened on. */
function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
