/** What the nodes wrote down of their hosts' lives: every change of state, with its reason. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const HOST_LINE = '"msg":"host"';

export interface StateChange {
  readonly node: string;
  readonly actor: string;
  readonly from: string;
  readonly to: string;
  /** Of the host when it changed; 0: it had none. */
  readonly token: number;
  readonly reason: string;
  /** Milliseconds since 1970, by the machine's clock. */
  readonly timeMs: number;
}

interface Line {
  readonly actor: string;
  readonly node: string;
  readonly from: string;
  readonly to: string;
  readonly token?: number;
  readonly reason?: string;
  readonly time: number | string;
}

/** All changes of some actors' hosts since a moment (milliseconds since 1970), in order. */
export function stateChanges(
  dataDir: string,
  actors: ReadonlySet<string>,
  sinceMs: number,
): StateChange[] {
  const logs = join(dataDir, "logs");
  const files = readdirSync(logs).filter((name) => /^node-\d+\.log$/.test(name));
  return files
    .flatMap((file) => readFileSync(join(logs, file), "utf8").split("\n"))
    .filter((text) => text.includes(HOST_LINE))
    .flatMap(lineOf)
    .map(changeOf)
    .filter(({ actor, timeMs }) => actors.has(actor) && timeMs >= sinceMs)
    .sort((a, b) => a.timeMs - b.timeMs);
}

/** None: a full disk or a kill has cut it off; what it said is lost. */
function lineOf(text: string): Line[] {
  try {
    return [JSON.parse(text) as Line];
  } catch {
    return [];
  }
}

function changeOf({ node, actor, from, to, token, reason, time }: Line): StateChange {
  const timeMs = typeof time === "number" ? time : Date.parse(time);
  return { node, actor, from, to, token: token ?? 0, reason: reason ?? "", timeMs };
}
