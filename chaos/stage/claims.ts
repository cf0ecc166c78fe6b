/** Who has raised tokens since a moment, and why, as the table `claims` has it. */
import type { Leaders } from "../../services/supervisor/leaders.js";
import type { Scene } from "../scene.js";

/** The reason of a claim that its predecessor has asked for. */
export const HANDED_OVER = "handed over";

/** In words, what others have taken since these led; what was handed over was given, and is left out. */
export async function takenSince(scene: Scene, leaders: Leaders): Promise<string[]> {
  const tokens = [...leaders.values()].map(({ token }) => token);
  const rows = await scene.query<{ name: string; node: string; token: number; reason: string }>(
    `SELECT name, c.node, c.token, c.reason FROM claims c JOIN actors USING (actor)
     JOIN unnest($1::text[], $2::bigint[]) AS led (name, token_then) USING (name)
     WHERE c.token > token_then AND c.reason <> $3 ORDER BY name, c.token`,
    [[...leaders.keys()], tokens, HANDED_OVER],
  );
  return rows.map(
    ({ name, node, token, reason }) =>
      `${name}, which ${leaders.get(name)!.node} led, was taken by ${node} under token ${token}: ${reason}`,
  );
}
