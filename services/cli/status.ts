/** The live status of `start`: what the participants saw since the last look, and who leads. */
import { decodeSymbol } from "../../actors/kernel/ids.js";
import type { Participants } from "../participants/participants.js";
import type { Exchange } from "../supervisor/exchange.js";
import type { Latencies } from "../participants/latencies.js";
import { isAlive } from "../servers/process-identity.js";
import { progress } from "./output.js";
import { processesOf } from "./run-file.js";
import { awayInWords, serversAway } from "./servers-away.js";
import { stopInWords, stopsOf } from "./stops.js";

const EVERY_MS = 2_000;
const MS_PER_SECOND = 1_000;
const P50 = 50;
const P99 = 99;

export class Status {
  private readonly exchange: Exchange;
  private readonly participants: Participants;
  private readonly startedMs = performance.now();
  private readonly timer: NodeJS.Timeout | undefined;
  private seen = { submitted: 0, fills: 0 };
  private leaders = "";
  /** What was said of servers that do not answer. */
  private away = "";
  /** What was said of actors that have stopped. */
  private stops: readonly string[] = [];
  /** The ports of servers that have ended. */
  private readonly ended = new Set<number>();

  constructor(exchange: Exchange, participants: Participants, isShown: boolean) {
    this.exchange = exchange;
    this.participants = participants;
    if (isShown) this.timer = setInterval(() => void this.show(), EVERY_MS);
  }

  /** Ends the status; returns for how many seconds there was one. */
  stop(): number {
    clearInterval(this.timer);
    return (performance.now() - this.startedMs) / MS_PER_SECOND;
  }

  private async show(): Promise<void> {
    const { submitted } = this.participants.counts;
    const fills = this.participants.trades;
    const waited = this.participants.tracker.acceptLatency.take();
    const perSecond = (now: number, before: number): string =>
      ((now - before) / (EVERY_MS / MS_PER_SECOND)).toFixed(0).padStart(5);
    progress(
      `${perSecond(submitted, this.seen.submitted)} orders/s ` +
        `${perSecond(fills, this.seen.fills)} fills/s   ${acceptedAfter(waited)}`,
    );
    this.seen = { submitted, fills };
    this.showServers();
    await this.showLeaders();
    await this.showAway();
    await this.showStops();
  }

  /** A server that has ended is said once; the exchange waits for it, and a new start starts it again. */
  private showServers(): void {
    const { nats, etcd, postgres, furtherPostgres } = this.exchange.servers;
    for (const { kind, pid, port } of [nats, etcd, postgres, ...furtherPostgres]) {
      if (this.ended.has(port) || isAlive(pid)) continue;
      this.ended.add(port);
      progress(`  ${kind} has ended (process ${pid}); stop and start again: nothing is lost`);
    }
  }

  /** Servers that give nodes no answer, and that all have one again. */
  private async showAway(): Promise<void> {
    const away = await serversAway({ processes: processesOf(this.exchange) });
    if (away.size === 0) return;
    const text = awayInWords(away).join("; ");
    if (text !== this.away)
      progress(`  ${text === "" ? "the servers answer all nodes again" : text}`);
    this.away = text;
  }

  /** An actor that has stopped, once for each time that it has on another node. */
  private async showStops(): Promise<void> {
    const stops = [...(await stopsOf({ processes: processesOf(this.exchange) }))].map(
      ([actor, all]) => stopInWords(actor, all),
    );
    for (const line of stops) if (!this.stops.includes(line)) progress(`  ${line}`);
    this.stops = stops;
  }

  /** Only when somebody else leads something. */
  private async showLeaders(): Promise<void> {
    try {
      const byNode = new Map<string, string[]>();
      for (const [actor, { node, token }] of await this.exchange.leaders()) {
        byNode.set(node, [...(byNode.get(node) ?? []), `${decodeSymbol(actor)}#${token}`]);
      }
      const lines = [...byNode]
        .toSorted(([a], [b]) => a.localeCompare(b))
        .map(([node, actors]) => `  ${node} leads ${actors.join(", ")}`);
      const text = lines.join("\n");
      if (text !== this.leaders) progress(text);
      this.leaders = text;
    } catch {
      // Postgres is away for a moment; the next look says more.
    }
  }
}

function acceptedAfter(waited: Latencies): string {
  if (waited.count === 0) return "none accepted";
  const [p50, p99] = [P50, P99].map((percent) => waited.percentile(percent).toFixed(1));
  return `accepted after ${p50} ms (p50) ${p99} ms (p99)`;
}
