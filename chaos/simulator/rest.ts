/** When everything has come to rest: everybody has his answer, all that was due and sent has arrived, every actor is led. */
import type { Client } from "./clients/client.js";
import type { Operator } from "./clients/operator.js";
import type { Subscriber } from "./clients/subscriber.js";
import type { Cluster } from "./cluster/cluster.js";

/** To look costs something: not at every event. */
const LOOK_EVERY_US = 20_000;

export interface People {
  readonly clients: readonly Client[];
  readonly subscribers: readonly Subscriber[];
  /** Null: there is none. */
  readonly operator: Operator | null;
}

export class Rest {
  private readonly cluster: Cluster;
  private readonly people: People;
  private lookedAtUs = -Infinity;
  private wasReached = false;

  constructor(cluster: Cluster, people: People) {
    this.cluster = cluster;
    this.people = people;
  }

  isReached(): boolean {
    const { nowUs } = this.cluster.world.scheduler;
    if (nowUs - this.lookedAtUs < LOOK_EVERY_US) return this.wasReached;
    this.lookedAtUs = nowUs;
    this.wasReached = this.lacking().length === 0;
    return this.wasReached;
  }

  /** What is missing, in words. */
  lacking(): string[] {
    const { clients, operator } = this.people;
    const lacking = clients.filter(({ isDone }) => !isDone).map((client) => client.describe());
    if (operator?.isDone === false) lacking.push("the operator has not opened every market");
    if (lacking.length > 0) return lacking;
    return [
      ...this.older(),
      ...this.unled(),
      ...this.unexpired(),
      ...this.undelivered(),
      ...this.unheard(),
    ];
  }

  private older(): string[] {
    return this.cluster.runningOlder().map((name) => `${name} is of the version before`);
  }

  private unled(): string[] {
    const { checks, nodes } = this.cluster;
    const led = new Set([...nodes.values()].flatMap(({ leading }) => leading));
    return [...checks.history.actors.values()]
      .filter(({ name }) => !led.has(name))
      .map(({ name }) => `nobody leads ${name}`);
  }

  /** What is due happens by itself, though nobody asks for anything any more. */
  private unexpired(): string[] {
    const expiring = this.cluster.checks.matching.expiring();
    return expiring > 0 ? [`${expiring} orders that are to expire are open`] : [];
  }

  private undelivered(): string[] {
    const { checks, servers } = this.cluster;
    const lacking: string[] = [];
    const left = servers.postgres.rows("outbox").length;
    if (left > 0) lacking.push(`${left} rows of outboxes are not confirmed`);
    for (const source of checks.history.actors.values()) {
      for (const [destination, sent] of source.sent) {
        const received =
          checks.history.actors.get(destination)?.marks.get(source.id)?.received ?? 0;
        if (received < sent) {
          lacking.push(
            `${source.name} has sent ${sent} to ${checks.history.nameOf(destination)}, which has ${received}`,
          );
        }
      }
    }
    return lacking;
  }

  private unheard(): string[] {
    const { journals } = this.cluster.checks.accounts;
    return this.people.subscribers
      .filter(({ account, last }) => last < (journals.get(account)?.length ?? 0))
      .map(({ account, last }) => `a subscriber of ${account} has heard ${last}`);
  }
}
