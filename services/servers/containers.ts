/**
 * The servers in containers, for machines without their programs. Ports are published on loopback
 * alone; data is in named volumes, which outlive the containers.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ContainerRuntimeClient,
  GenericContainer,
  getContainerRuntimeClient,
  type WaitStrategy,
} from "testcontainers";
import { loadConfig } from "../common/config.js";
import type { ServerHandle, ServerKind } from "./child-server.js";
import { etcdAnswers } from "./etcd.js";
import { type FolderOptions, STOP_SIGNAL } from "./launch.js";
import { natsAnswers } from "./nats.js";
import { freePort, LOOPBACK } from "./ports.js";
import { postgresAnswers } from "./postgres.js";
import { PROJECT_ROOT } from "./project-root.js";
import { ServerError } from "./server-error.js";

export type Images = Record<ServerKind, string>;
type Container = ReturnType<ContainerRuntimeClient["container"]["getById"]>;

const HASH_LENGTH = 12;
const POLL_MS = 50;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 10_000;
const LOG_TAIL_LINES = 15;
const NOT_FOUND = 404;
const HEADER_BYTES = 8;
const HEADER_LENGTH_AT = 4;

/** How one server runs in a container. Its image has to know the program by the usual name. */
interface Recipe {
  port: number;
  config: { source: string; target: string; append: string };
  dataDir: string;
  environment: Record<string, string>;
  /** Absent: the image's own entry point, which for PostgreSQL makes the cluster. */
  entrypoint?: string[];
  command: string[];
  url: (port: number) => string;
  answers: (url: string) => Promise<void>;
}

const ETCD_ADDRESSES = `data-dir: /data/etcd
listen-client-urls: http://0.0.0.0:2379
advertise-client-urls: http://127.0.0.1:2379
listen-peer-urls: http://127.0.0.1:2380
initial-advertise-peer-urls: http://127.0.0.1:2380
initial-cluster: palisade=http://127.0.0.1:2380
`;

const RECIPES: Record<ServerKind, Recipe> = {
  nats: {
    port: 4222,
    config: { source: "nats/nats.conf", target: "/etc/palisade/nats.conf", append: "" },
    dataDir: "/data",
    environment: {},
    entrypoint: ["nats-server"],
    command: ["-c", "/etc/palisade/nats.conf", "-p", "4222", "-sd", "/data"],
    url: (port) => `nats://${LOOPBACK}:${port}`,
    answers: natsAnswers,
  },
  etcd: {
    port: 2379,
    config: { source: "etcd/etcd.yaml", target: "/etc/palisade/etcd.yaml", append: ETCD_ADDRESSES },
    dataDir: "/data",
    environment: {},
    entrypoint: ["etcd"],
    command: ["--config-file", "/etc/palisade/etcd.yaml"],
    url: (port) => `http://${LOOPBACK}:${port}`,
    answers: etcdAnswers,
  },
  postgres: {
    port: 5432,
    config: { source: "postgres/palisade.conf", target: "/etc/palisade/palisade.conf", append: "" },
    dataDir: "/var/lib/postgresql/data",
    environment: {
      POSTGRES_USER: "palisade",
      POSTGRES_DB: "palisade",
      POSTGRES_HOST_AUTH_METHOD: "trust",
      POSTGRES_INITDB_ARGS: "--encoding=UTF8 --locale=C",
      PGDATA: "/var/lib/postgresql/data/cluster",
    },
    command: ["postgres", "-c", "config_file=/etc/palisade/palisade.conf", "-h", "*"],
    url: (port) => `postgres://palisade@${LOOPBACK}:${port}/palisade`,
    answers: postgresAnswers,
  },
};

/** The images that the settings name. */
export function configuredImages(): Images {
  const { natsImage, etcdImage, postgresImage } = loadConfig().values;
  return { nats: natsImage, etcd: etcdImage, postgres: postgresImage };
}

/** Docker's client when an engine on this machine answers. */
export async function dockerClient(): Promise<ContainerRuntimeClient | undefined> {
  try {
    const client = await getContainerRuntimeClient();
    const { host } = client.info.containerRuntime;
    return host === "localhost" || host === LOOPBACK ? client : undefined;
  } catch {
    return undefined;
  }
}

/** A name that is the same on every start, so that a leftover is found and the data is kept. */
function nameOf(kind: ServerKind, folder: string): string {
  const hash = createHash("sha256").update(resolve(folder)).digest("hex").slice(0, HASH_LENGTH);
  return `palisade-${kind}-${hash}`;
}

async function ignoringAbsence(work: Promise<unknown>): Promise<void> {
  await work.catch((error: { statusCode?: number }) => {
    if (error.statusCode !== NOT_FOUND) throw error;
  });
}

/** Removes the container of this folder, running or not; its data stays. */
export async function removeContainer(kind: ServerKind, folder: string): Promise<void> {
  const client = await getContainerRuntimeClient();
  const container = client.container.getById(nameOf(kind, folder));
  await ignoringAbsence(container.remove({ force: true }));
}

/** Removes the container of this folder and its data. */
export async function removeContainerData(kind: ServerKind, folder: string): Promise<void> {
  await removeContainer(kind, folder);
  const client = await getContainerRuntimeClient();
  const volume = client.container.dockerode.getVolume(nameOf(kind, folder));
  await ignoringAbsence(volume.remove());
}

/** Waiting is done by asking the server itself, so a started container is all that is needed. */
const NO_WAIT: WaitStrategy = {
  waitUntilReady: () => Promise.resolve(),
  withStartupTimeout: () => NO_WAIT,
  isStartupTimeoutSet: () => false,
  getStartupTimeout: () => START_LIMIT_MS,
};

/** Publishes its ports on loopback, where Docker would open them to the whole network. */
class LoopbackContainer extends GenericContainer {
  protected override async beforeContainerCreated(): Promise<void> {
    const bindings = this.hostConfig.PortBindings as Record<string, { HostIp?: string }[]>;
    for (const binding of Object.values(bindings).flat()) binding.HostIp = LOOPBACK;
  }
}

/** Docker puts a header with the length before each piece of a container's output. */
function withoutHeaders(output: Buffer): string {
  let text = "";
  for (let start = 0; start + HEADER_BYTES <= output.length; ) {
    const end = start + HEADER_BYTES + output.readUInt32BE(start + HEADER_LENGTH_AT);
    text += output.toString("utf8", start + HEADER_BYTES, end);
    start = end;
  }
  return text;
}

class ContainerServer implements ServerHandle {
  readonly kind: ServerKind;
  readonly url: string;
  readonly port: number;
  #container: Container;
  #pid = 0;

  constructor(kind: ServerKind, port: number, container: Container) {
    this.kind = kind;
    this.port = port;
    this.url = RECIPES[kind].url(port);
    this.#container = container;
  }

  get pid(): number {
    return this.#pid;
  }

  async signal(name: NodeJS.Signals): Promise<void> {
    // Docker signals only the first process; freezing is meant for all of them.
    if (name === "SIGSTOP") await this.#container.pause();
    else if (name === "SIGCONT") await this.#container.unpause();
    else await this.#container.kill({ signal: name });
  }

  async stop(signal: NodeJS.Signals = STOP_SIGNAL[this.kind]): Promise<void> {
    const { State: state } = await this.#container.inspect();
    if (state.Paused) await this.#container.unpause();
    if (!state.Running) return;
    await this.#container.kill({ signal });
    const deadline = performance.now() + STOP_LIMIT_MS;
    while ((await this.#container.inspect()).State.Running) {
      if (performance.now() > deadline) return this.kill();
      await sleep(POLL_MS);
    }
  }

  async kill(): Promise<void> {
    await this.stop("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.#container.start();
    await this.untilItAnswers();
  }

  async untilItAnswers(): Promise<void> {
    const deadline = performance.now() + START_LIMIT_MS;
    for (;;) {
      const answered = await RECIPES[this.kind].answers(this.url).then(
        () => true,
        () => false,
      );
      const { State: state } = await this.#container.inspect();
      this.#pid = state.Pid;
      if (answered && state.Running) return;
      if (!state.Running || performance.now() > deadline) break;
      await sleep(POLL_MS);
    }
    const logs = await this.#container.logs({ stdout: true, stderr: true, tail: LOG_TAIL_LINES });
    await this.#container.remove({ force: true });
    throw new ServerError(
      "SERVER_START_FAILED",
      `${this.kind} did not start in a container on port ${this.port}:\n${withoutHeaders(logs)}`,
    );
  }
}

/** Starts one server in a container; resolves when it answers. */
export async function startContainer(
  kind: ServerKind,
  image: string,
  { folder, preferredPort, durable, log }: FolderOptions,
): Promise<ServerHandle> {
  const recipe = RECIPES[kind];
  await removeContainer(kind, folder);
  const port = await freePort(preferredPort);
  const config = readFileSync(join(PROJECT_ROOT, "deploy", recipe.config.source), "utf8");
  const isTestPostgres = kind === "postgres" && durable === false;
  const extra = isTestPostgres ? ["-c", "fsync=off", "-c", "full_page_writes=off"] : [];
  log(`starting ${kind} in a container of ${image} (pulled first when it is not here)`);
  const container = new LoopbackContainer(image)
    .withName(nameOf(kind, folder))
    .withEnvironment(recipe.environment)
    .withCommand([...recipe.command, ...extra])
    .withBindMounts([{ source: nameOf(kind, folder), target: recipe.dataDir }])
    .withCopyContentToContainer([
      { content: config + recipe.config.append, target: recipe.config.target },
    ])
    .withExposedPorts({ container: recipe.port, host: port })
    .withWaitStrategy(NO_WAIT);
  if (recipe.entrypoint !== undefined) container.withEntrypoint(recipe.entrypoint);
  const started = await container.start().catch((error: Error) => {
    const reason = `${kind} could not be started in a container of ${image}: ${error.message}`;
    throw new ServerError("SERVER_START_FAILED", reason);
  });
  const client = await getContainerRuntimeClient();
  const server = new ContainerServer(kind, port, client.container.getById(started.getId()));
  await server.untilItAnswers();
  return server;
}
