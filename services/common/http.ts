/** The small HTTP server of each process: metrics, health, readiness. On loopback only. */
import { createServer, type Server, type ServerResponse } from "node:http";
import { registry, scrape } from "./metrics.js";

const LOOPBACK = "127.0.0.1";

export interface Readiness {
  readonly ok: boolean;
  /** Why it is not ready, in words. */
  readonly reasons: readonly string[];
}

export interface HttpOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly ready: () => Readiness;
  /** More pages, by path; each gives what is sent as JSON. */
  readonly extra?: Readonly<Record<string, () => unknown>>;
}

export interface HttpEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/** A port that cannot be listened on; its message says why. */
export class PortError extends Error {
  override readonly name = "PortError";
  readonly code = "PORT_UNAVAILABLE";
}

/** What to say when listening on a port has failed. */
export function portError(what: string, port: number, cause: unknown): PortError {
  const reason =
    (cause as NodeJS.ErrnoException).code === "EADDRINUSE"
      ? "another process listens there. Choose another port, or 0 for any free one."
      : (cause as Error).message;
  return new PortError(`PORT_UNAVAILABLE: ${what} cannot listen on ${LOOPBACK}:${port}: ${reason}`);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}

async function answer(options: HttpOptions, path: string, response: ServerResponse): Promise<void> {
  if (path === "/metrics") {
    const text = await scrape();
    response.writeHead(200, { "content-type": registry.contentType });
    response.end(text);
    return;
  }
  if (path === "/healthz") return sendJson(response, 200, { ok: true });
  if (path === "/readyz") {
    const readiness = options.ready();
    return sendJson(response, readiness.ok ? 200 : 503, readiness);
  }
  const page = options.extra?.[path];
  if (page) return sendJson(response, 200, page());
  sendJson(response, 404, { code: "NOT_FOUND", message: `there is no page ${path}` });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((done, fail) => {
    server.once("error", (error) => fail(portError("metrics and health", port, error)));
    server.listen({ port, host: LOOPBACK }, () => {
      const address = server.address();
      done(typeof address === "object" && address ? address.port : port);
    });
  });
}

/** Serves /metrics, /healthz (the process lives) and /readyz. Throws `PortError`. */
export async function startHttp(options: HttpOptions): Promise<HttpEndpoint> {
  const server = createServer((request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return sendJson(response, 405, { code: "METHOD_NOT_ALLOWED", message: "only GET and HEAD" });
    }
    const path = (request.url ?? "/").split("?")[0]!;
    answer(options, path, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { code: "INTERNAL", message: String(error) });
    });
  });
  const port = await listen(server, options.port);
  const close = async () => {
    const closed = new Promise<void>((done) => {
      server.close(() => done());
    });
    server.closeAllConnections();
    await closed;
  };
  return { port, close };
}
