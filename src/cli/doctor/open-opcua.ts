/** Opens one session with each secured OPC UA server by the gateway's own source, and tells in its words what came of it. Looks at no value, and leaves nothing open. */
import { setTimeout as wait } from "node:timers/promises";
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import type { OpcUaConfig } from "../../core/contract/config/opcua-config.ts";
import { systemClock, systemTimers } from "../../core/platform/clock.ts";
import { checkOptionalPackages } from "../../core/platform/daemon/check-packages.ts";
import { silentLogger } from "../../core/platform/logger.ts";
import type { loadOpcUa, OpenOpcUa } from "../../gateway/sources/opcua-client.ts";
import { createOpcUaSource } from "../../gateway/sources/opcua-source.ts";
import { bad, type CheckResult, good } from "./check-result.ts";

/** A server that has answered a greeting. */
export interface SecuredServer {
  readonly answer: CheckResult;
  readonly server: OpcUaConfig;
}

const lookEachMs = 50;

/** How long a session may take, ms: a little longer than the source waits for a silent server, so that it has its say. */
export function limitSession({ timeoutSeconds }: Pick<OpcUaConfig, "timeoutSeconds">): number {
  return (3 * timeoutSeconds + 5) * 1000;
}

/**
 * Of each server: is its certificate good, is this gateway's taken, the user known? Where the package does not load they
 * are left at their answers. What else is known of lines stays as it is.
 */
export async function openSessions(
  lines: readonly (CheckResult | SecuredServer)[],
  load: typeof loadOpcUa,
): Promise<readonly CheckResult[]> {
  const servers = lines.flatMap((line) => ("server" in line ? [line.server] : []));
  if (servers.length === 0) return lines as readonly CheckResult[];
  try {
    const open = load();
    return await Promise.all(lines.map((line) => ("server" in line ? openSession(line, open) : line)));
  } catch (error) {
    if (!hasErrorCode(error, "CONFIG_INVALID")) throw error;
    // One that is missing, or not to be run, is a finding of the configuration.
    const isTold = checkOptionalPackages({ modbus: [], opcua: servers }).length > 0;
    const answers = lines.map((line) => ("server" in line ? line.answer : line));
    return isTold ? answers : [...answers, bad("OPC UA package", error.message, error.hint)];
  }
}

async function openSession({ answer, server }: SecuredServer, open: OpenOpcUa): Promise<CheckResult> {
  const { name } = answer;
  const { url } = server;
  const source = createOpcUaSource({
    config: server,
    load: () => open,
    // Nothing is kept there for a server with security.
    stateDir: "",
    clock: systemClock,
    timers: systemTimers,
    logger: silentLogger,
  });
  const limitMs = limitSession(server);
  const endMs = systemClock.monotonicMs() + limitMs;
  await source.start({ onReading: () => undefined, onQuality: () => undefined });
  try {
    while (systemClock.monotonicMs() < endMs) {
      const { connected, faults } = source.describe();
      const fault = faults.find(({ code }) => code === "no-connection");
      if (connected) return good(name, `${url} opens a secured session; no value was read`);
      if (fault !== undefined) return bad(name, `${url}: ${fault.detail}`, fault.cure);
      await wait(lookEachMs);
    }
  } finally {
    await source.close();
  }
  const advice = "Look at the server's load, and whether it has room for one client more.";
  return bad(name, `${url} opens no session within ${limitMs / 1000} s`, advice);
}
