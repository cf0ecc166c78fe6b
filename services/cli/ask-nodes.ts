/** What the nodes of the running exchange say of themselves over HTTP. One that does not answer is left out. */
import type { RunFile } from "./run-file.js";

const ANSWER_MS_MAX = 1_000;

/** What each node has on a page, by the node's name. */
export async function askNodes<T>(
  { processes }: Pick<RunFile, "processes">,
  path: string,
): Promise<Map<string, T>> {
  const nodes = processes.filter(({ kind }) => kind === "node");
  const answers = await Promise.all(
    nodes.map(async ({ name, http }): Promise<[string, T] | null> => {
      try {
        const signal = AbortSignal.timeout(ANSWER_MS_MAX);
        const response = await fetch(`http://127.0.0.1:${http}${path}`, { signal });
        return response.ok ? [name, (await response.json()) as T] : null;
      } catch {
        return null;
      }
    }),
  );
  return new Map(answers.filter((answer) => answer !== null));
}

/** Of a node that was asked. */
export function silenceInWords(node: string): string {
  return `${node} did not answer within ${ANSWER_MS_MAX} ms: what it does is not known`;
}

/** Nodes that are missing in one of the answers: of them nothing is known, which is not that they have nothing to say. */
export function silentNodes(
  { processes }: Pick<RunFile, "processes">,
  ...answers: readonly ReadonlyMap<string, unknown>[]
): string[] {
  const nodes = processes.filter(({ kind }) => kind === "node").map(({ name }) => name);
  return nodes.filter((node) => answers.some((answer) => !answer.has(node)));
}
