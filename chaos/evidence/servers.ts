/** What servers an exchange stood on, by their own word, and what its processes count of themselves. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "nats";
import type { Scene } from "../scene.js";

/** However busy the machine is; what is broken does not answer. */
export const ANSWER_MS_MAX = 5_000;

/** Versions; null: it did not say. */
export interface ServerVersions {
  readonly postgres: string | null;
  readonly nats: string | null;
  readonly etcd: string | null;
}

export async function serverVersions(scene: Scene): Promise<ServerVersions> {
  const { urls } = scene.exchange;
  const [postgres, nats, etcd] = await Promise.all(
    [versionOfPostgres(scene), versionOfNats(urls.nats), versionOfEtcd(urls.etcd)].map((asked) =>
      asked.catch(() => null),
    ),
  );
  return { postgres: postgres ?? null, nats: nats ?? null, etcd: etcd ?? null };
}

async function versionOfPostgres(scene: Scene): Promise<string> {
  const [row] = await scene.query<{ server_version: string }>("SHOW server_version");
  return row!.server_version;
}

export async function versionOfNats(urls: string): Promise<string> {
  const connection = await connect({
    servers: urls.split(","),
    timeout: ANSWER_MS_MAX,
    reconnect: false,
  });
  const { version } = connection.info!;
  await connection.close();
  return version;
}

export async function versionOfEtcd(url: string): Promise<string> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const response = await fetch(new URL("/version", url), { signal });
  return ((await response.json()) as { etcdserver: string }).etcdserver;
}

/** Writes a file for each process that answers. */
export async function writeMetrics({ exchange }: Scene, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const write = async (name: string, port: number) =>
    writeFileSync(join(folder, `${name}.txt`), await metricsOf(port));
  await Promise.allSettled(
    [...exchange.processes.values()].map(({ name, ports }) => write(name, ports.http)),
  );
}

/** What a process of this machine counts of itself. */
export async function metricsOf(port: number): Promise<string> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal });
  if (!response.ok) throw new Error(`it has no metrics: HTTP ${response.status}`);
  return response.text();
}
