/** A node's process that takes what it has sent for received, for drills that have to notice it. */
import { withoutOutbox } from "./outbox.js";
import { runNodeOn } from "./run-node.js";

await runNodeOn(withoutOutbox);
