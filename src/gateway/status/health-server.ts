/**
 * The gateway's own small HTTP server: `/-/healthy` (the periodic work gets done), `/-/ready` (a model serves), `/metrics`
 * (Prometheus) and `/status` (JSON), read-only, loopback by default. What asks a device for something is for those who
 * know the gateway's word (`device-routes`).
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { isLoopbackHost } from "../../core/platform/loopback-host.ts";
import type { DeviceRoutes } from "../devices/device-routes.ts";

/** What the server shows; each is asked anew for every request. */
export interface HealthSources {
  healthy(): boolean;
  ready(): boolean;
  /** Prometheus text. */
  metrics(): Promise<string>;
  status(): unknown;
  /** Takes every POST below `/devices/`; without it there is none. */
  readonly devices?: DeviceRoutes;
}

/** A listening server. */
export interface HealthServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts to listen.
 * @throws AuroraError CONFIG_INVALID when the address cannot be listened on.
 */
export async function startHealthServer(
  host: string,
  port: number,
  sources: HealthSources,
): Promise<HealthServer> {
  const server = createServer(
    { requestTimeout: 5000, headersTimeout: 5000, maxHeaderSize: 8192 },
    (request, response) => {
      const answer = (status: number, type: string, body: string): void => {
        response.writeHead(status, {
          "content-type": type,
          "x-content-type-options": "nosniff",
          "cache-control": "no-store",
        });
        response.end(request.method === "HEAD" ? undefined : body);
      };
      const flag = (good: boolean): void =>
        answer(good ? 200 : 503, "text/plain", good ? "ok\n" : "not yet\n");
      if (isLoopbackHost(host) && !isLoopbackHost(hostName(request.headers.host))) {
        request.resume();
        return answer(421, "text/plain", "this host is not served here\n");
      }
      if (request.method === "POST" && request.url?.startsWith("/devices/") && sources.devices !== undefined)
        return sources.devices(request, response);
      request.resume();
      if (request.method !== "GET" && request.method !== "HEAD")
        return answer(405, "text/plain", "GET or HEAD only\n");
      switch (request.url) {
        case "/-/healthy":
          return flag(sources.healthy());
        case "/-/ready":
          return flag(sources.ready());
        case "/status":
          return answer(200, "application/json", `${JSON.stringify(sources.status())}\n`);
        case "/metrics":
          sources.metrics().then(
            (text) => answer(200, "text/plain; version=0.0.4; charset=utf-8", text),
            () => answer(500, "text/plain", "metrics could not be rendered\n"),
          );
          return;
        default:
          return answer(
            404,
            "text/plain",
            "no such page; there are /-/healthy, /-/ready, /metrics and /status\n",
          );
      }
    },
  );
  // Whoever holds more connections than this open must not use up what the broker and the devices need.
  server.maxConnections = 128;
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const shown = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The Host header without its port; empty when there is none. */
function hostName(header: string | undefined): string {
  return (header ?? "").replace(/:\d+$/, "");
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new AuroraError("CONFIG_INVALID", `cannot listen on ${host}:${port}: ${cause.message}`, {
          op: "start health server",
          subject: `${host}:${port}`,
          hint: "Set gateway.httpPort to a free port, or to 0 for any.",
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}
