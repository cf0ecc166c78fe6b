/** The commands for a running exchange itself: who leads, who is to lead, and what of it is to end. */
import type { Shell } from "./account-commands.js";
import type { Common } from "./operate.js";

export function addClusterCommands({ program, run, withData, withPlaces }: Shell): void {
  withPlaces(program.command("leaders"))
    .description(
      "which node has claimed which actor last, under which token (cluster: who leads now)",
    )
    .action((options: Common) => run(async () => (await import("./operate.js")).leaders(options)));

  withPlaces(program.command("cluster"))
    .description(
      "the nodes, the actors with their leaders and standbys, and who took over last, and why",
    )
    .action((options: Common) =>
      run(async () => (await import("./cluster-view.js")).cluster(options)),
    );

  withPlaces(program.command("cordon <node>"))
    .description("let a node keep what it leads, and take nothing more")
    .action((node: string, options: Common) =>
      run(async () => (await import("./place.js")).cordon(node, true, options)),
    );

  withPlaces(program.command("uncordon <node>"))
    .description("take a cordon back")
    .action((node: string, options: Common) =>
      run(async () => (await import("./place.js")).cordon(node, false, options)),
    );

  withPlaces(program.command("drain <node>"))
    .description("move everything that a node leads to others, and wait until it leads nothing")
    .action((node: string, options: Common) =>
      run(async () => (await import("./place.js")).drain(node, options)),
    );

  withPlaces(program.command("undrain <node>"))
    .description("let a drained node take its share again")
    .action((node: string, options: Common) =>
      run(async () => (await import("./place.js")).undrain(node, options)),
    );

  withPlaces(program.command("move <actor> <node>"))
    .description("move an actor (ledger.1, or a symbol) to a node, and wait until it leads there")
    .action((actor: string, node: string, options: Common) =>
      run(async () => (await import("./place.js")).move(actor, node, options)),
    );

  withPlaces(program.command("unmove <actor>"))
    .description("let an actor that was moved be placed like the others again")
    .action((actor: string, options: Common) =>
      run(async () => (await import("./place.js")).unmove(actor, options)),
    );

  withPlaces(program.command("standby <actor> <on|off>"))
    .description(
      "whether a node stands by for an actor (ledger.1, or a symbol), ready to take over",
    )
    .action((actor: string, setting: string, options: Common) =>
      run(async () => (await import("./place.js")).standby(actor, setting, options)),
    );

  withData(program.command("drop-inbox <actor>"))
    .description(
      "delete the NATS stream of an actor that has stopped for what somebody put there (see the runbook)",
    )
    .action((actor: string, options: Common) =>
      run(async () => (await import("./drop-inbox.js")).dropInbox(actor, options)),
    );

  withData(program.command("kill <process>"))
    .description(
      "SIGKILL a process of the running exchange (node-1, gateway-1, feed-1, …), which is started again",
    )
    .action((name: string, options: Common) =>
      run(async () => (await import("./operate.js")).kill(name, options)),
    );

  withData(program.command("stop"))
    .description("end the running exchange as Ctrl-C does: drain, stop everything, and wait for it")
    .action((options: Common) => run(async () => (await import("./operate.js")).stop(options)));
}
