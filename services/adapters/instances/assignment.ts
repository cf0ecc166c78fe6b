/** On which instance each actor's rows are, as the home has it. That never changes, so what was read once holds. */
import type pg from "pg";
import { openPool, query } from "../postgres/connections.js";
import { HOME } from "./instances.js";

const ALL = {
  name: "instances_all",
  text: "SELECT actor, instance FROM actor_instances ORDER BY actor",
};

interface AssignedActor {
  readonly actor: number;
  readonly instance: number;
}

export class Assignment {
  private readonly home: pg.Pool;
  /** Instances that there were when this process began; what is on later ones is not for it. */
  private readonly instances: number;
  private readonly known = new Map<number, number>();

  private constructor(home: pg.Pool, instances: number) {
    this.home = home;
    this.instances = instances;
  }

  /** Rejects when the home does not answer. */
  static async open(urls: readonly string[], holder: string): Promise<Assignment> {
    const assignment = new Assignment(openPool(urls[HOME]!, holder), urls.length);
    try {
      await assignment.refresh();
    } catch (error) {
      await assignment.close();
      throw error;
    }
    return assignment;
  }

  /** Undefined: it was not there when the home was read last. */
  find(actor: number): number | undefined {
    return this.known.get(actor);
  }

  /**
   * The home for an actor that is nowhere: there is nothing of it there either. Rejects when the home would have to be asked and does not
   * answer.
   */
  async of(actor: number): Promise<number> {
    if (!this.known.has(actor)) await this.refresh();
    return this.known.get(actor) ?? HOME;
  }

  /**
   * Of lists, one of each instance, those that are assigned there. Where the home cannot be asked, those of whom it was not known before are left
   * out, and all others are given.
   */
  async assigned<T>(
    lists: readonly (readonly T[])[],
    actorOf: (of: T) => number,
    isHomeLost: boolean,
  ): Promise<T[]> {
    const isNew = lists.some((list) => list.some((each) => !this.known.has(actorOf(each))));
    if (isNew && !isHomeLost) await this.refresh().catch(() => undefined);
    return lists.flatMap((list, instance) =>
      list.filter((each) => this.known.get(actorOf(each)) === instance),
    );
  }

  private async refresh(): Promise<void> {
    const rows = await query<AssignedActor & pg.QueryResultRow>(this.home, ALL);
    for (const { actor, instance } of rows) {
      if (instance < this.instances) this.known.set(actor, instance);
    }
  }

  async close(): Promise<void> {
    await this.home.end();
  }
}
