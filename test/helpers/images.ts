/** Small container images made of this machine's own servers, so that no image has to be pulled. */
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { ContainerRuntimeClient } from "testcontainers";
import type { Images } from "../../services/servers/containers.js";
import type { ServerBinaries } from "../../services/servers/locate.js";

const TAG = "palisade-test";

/** What the official image's entry point does, as far as the exchange relies on it. */
const POSTGRES_ENTRYPOINT = `#!/bin/sh
set -e
mkdir -p /var/run/postgresql
chown 999:999 /var/run/postgresql
as_postgres="setpriv --reuid=999 --regid=999 --clear-groups"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  chown -R 999:999 "$PGDATA"
  $as_postgres initdb -D "$PGDATA" -U "$POSTGRES_USER" -A trust $POSTGRES_INITDB_ARGS
  echo "host all all all $POSTGRES_HOST_AUTH_METHOD" >>"$PGDATA/pg_hba.conf"
fi
exec $as_postgres "$@"
`;

/** The shared libraries that programs are linked with, the loader among them. */
function librariesOf(programs: string[]): string[] {
  const { stdout } = spawnSync("ldd", programs, { encoding: "utf8" });
  return [...new Set(stdout.match(/\/[^\s:]+\.so[^\s:]*/g))];
}

/** The first of the usual folders that has the program. */
function systemProgram(name: string): string {
  const found = ["/usr/bin", "/bin"].map((dir) => join(dir, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is needed to make an image`);
  return found;
}

/** Copies files with their folders into an image's root, symbolic links followed. */
function copyInto(root: string, paths: string[]): void {
  for (const path of paths) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    const { status, stderr } = spawnSync("cp", ["-rL", path, join(root, path)], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${path} could not be copied: ${stderr}`);
  }
}

async function importRoot(
  client: ContainerRuntimeClient,
  name: string,
  fill: (root: string) => string[],
): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "palisade-image-"));
  try {
    mkdirSync(join(root, "tmp"));
    const changes = fill(root);
    const tar = spawn("tar", ["-C", root, "-c", "."], { stdio: ["ignore", "pipe", "inherit"] });
    const options = { repo: `${TAG}-${name}`, tag: "latest", changes };
    const stream = await client.container.dockerode.importImage(tar.stdout, options);
    await new Promise<void>((done, fail) => {
      stream.on("end", () => done());
      stream.on("error", fail);
      stream.resume();
    });
    return `${TAG}-${name}:latest`;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function fillWithProgram(program: string): (root: string) => string[] {
  return (root) => {
    copyInto(root, librariesOf([program]));
    mkdirSync(join(root, "usr", "local", "bin"), { recursive: true });
    spawnSync("cp", ["-L", program, join(root, "usr", "local", "bin", basename(program))]);
    return [];
  };
}

/** Whether PostgreSQL lies as Debian's packages put it, which is what an image can be made of. */
export function isDebianLayout(program: string): boolean {
  return realpathSync(program).startsWith("/usr/lib/postgresql/");
}

/** Debian's layout: the programs in lib/postgresql/VERSION, their data in share. */
function fillWithPostgres(program: string): (root: string) => string[] {
  const bin = dirname(realpathSync(program));
  const home = dirname(bin);
  const share = home.replace("/lib/", "/share/");
  return (root) => {
    const tools = ["sh", "mkdir", "chown", "setpriv"].map(systemProgram);
    copyInto(root, [
      ...librariesOf([join(bin, "postgres"), join(bin, "initdb"), ...tools]),
      ...tools,
    ]);
    copyInto(root, [home, share, "/usr/share/zoneinfo/UTC"]);
    mkdirSync(join(root, "etc"), { recursive: true });
    writeFileSync(join(root, "etc", "passwd"), "postgres:x:999:999::/:/bin/sh\n");
    writeFileSync(join(root, "entrypoint.sh"), POSTGRES_ENTRYPOINT);
    chmodSync(join(root, "entrypoint.sh"), 0o755);
    mkdirSync(join(root, "bin"), { recursive: true });
    spawnSync("cp", ["-L", systemProgram("sh"), join(root, "bin", "sh")]);
    return [`ENV PATH=${bin}:/usr/bin:/bin`, 'ENTRYPOINT ["/entrypoint.sh"]'];
  };
}

/** Makes one image of each server. */
export async function makeImages(
  client: ContainerRuntimeClient,
  binaries: ServerBinaries,
): Promise<Images> {
  return {
    nats: await importRoot(client, "nats", fillWithProgram(binaries.nats)),
    etcd: await importRoot(client, "etcd", fillWithProgram(binaries.etcd)),
    postgres: await importRoot(client, "postgres", fillWithPostgres(binaries.postgres)),
  };
}

/** Removes the images again. */
export async function removeImages(client: ContainerRuntimeClient, images: Images): Promise<void> {
  for (const image of Object.values(images)) {
    await client.container.dockerode.getImage(image).remove({ force: true });
  }
}
