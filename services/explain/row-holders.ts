/** Of all actors: whose rows are held by a session that others wait for. */
import { askEachInstance } from "./each-instance.js";
import { ROW_HOLDERS, type RowHolder } from "./sql.js";

export function rowHolders(postgresUrl: string): Promise<RowHolder[]> {
  return askEachInstance(postgresUrl, ROW_HOLDERS.text);
}
