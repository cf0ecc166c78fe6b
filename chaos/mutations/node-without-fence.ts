/** A node's process without the fence, for drills that have to notice it. */
import pg from "pg";
import { withoutFence } from "./fence.js";
import { runNodeOn } from "./run-node.js";

await runNodeOn(({ store }, { postgresUrl }) => {
  const pool = new pg.Pool({ connectionString: postgresUrl, max: 1 });
  pool.on("error", () => {}); // The next statement says it.
  const sign = async (actor: number, batch: number, token: number): Promise<void> => {
    const values = [actor, batch, token];
    await pool.query("UPDATE batch_log SET token = $3 WHERE actor = $1 AND batch = $2", values);
  };
  return { store: withoutFence(store, sign) };
});
