/** PostgreSQL refuses to run as root, so root lends it another user and a folder it can reach. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Log, ServerError } from "./server-error.js";

export interface ServerUser {
  name: string;
  uid: number;
  gid: number;
}

const OWN_USER = "palisade";
/** The first of these that exists is taken; the second is made when none does. */
const USERS = ["postgres", OWN_USER];
const OUTSIDE_DIR = "/var/lib/palisade";
const HASH_LENGTH = 12;

function findUser(): ServerUser | undefined {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const wanted of USERS) {
    const fields = lines.find((line) => line.startsWith(`${wanted}:`))?.split(":");
    if (fields === undefined) continue;
    const user = { name: wanted, uid: Number(fields[2]), gid: Number(fields[3]) };
    if (user.uid > 0) return user;
  }
  return undefined;
}

function makeUser(log: Log): void {
  log(`making the system user ${OWN_USER}, because PostgreSQL does not run as root`);
  const attempts: [string, string[]][] = [
    [
      "useradd",
      ["--system", "--user-group", "--no-create-home", "--shell", "/bin/false", OWN_USER],
    ],
    ["adduser", ["-S", "-D", "-H", "-s", "/bin/false", OWN_USER]],
  ];
  for (const [command, args] of attempts) if (spawnSync(command, args).status === 0) return;
}

/** The user to run PostgreSQL as: nobody else when not root, else one found or made. */
export function serverUser(log: Log): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const found = findUser();
  if (found !== undefined) return found;
  makeUser(log);
  const made = findUser();
  if (made !== undefined) return made;
  throw new ServerError(
    "NO_SERVER_USER",
    `PostgreSQL does not run as root, and a user for it could not be made. Make one ` +
      `(useradd --system ${OWN_USER}), or run Palisade as an ordinary user.`,
  );
}

/** Whether the user can walk into the folder; tried for real, since modes alone do not tell. */
export function canReach(folder: string, user: ServerUser): boolean {
  const { uid, gid } = user;
  const options = { cwd: "/", uid, gid, stdio: "ignore" } as const;
  return spawnSync("/bin/sh", ["-c", 'cd -- "$0"', folder], options).status === 0;
}

/** A folder outside, the same on every start, for data whose own place the user cannot reach. */
export function folderOutside(folder: string): string {
  const hash = createHash("sha256").update(resolve(folder)).digest("hex").slice(0, HASH_LENGTH);
  return join(OUTSIDE_DIR, hash);
}
