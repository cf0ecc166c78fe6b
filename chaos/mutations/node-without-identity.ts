/** A node's process that takes any stream for the one that it has read, for drills that have to notice it. */
import { withoutIdentity } from "./identity.js";
import { runNodeOn } from "./run-node.js";

await runNodeOn(({ log }) => ({ log: withoutIdentity(log) }));
