/** A second subscriber to the probe's own account stops reading, and goes on later. */
import { isDeepStrictEqual } from "node:util";
import { AccountEvent } from "../../../proto/gen/exchange/v1/exchange.js";
import { ExchangeClient } from "../../../services/client/exchange-client.js";
import { TcpProxy } from "../../stage/tcp-proxy.js";
import {
  HARDLY_NOTICED,
  type LiveDrill,
  PACE,
  type Plan,
  type Stage,
  type Struck,
} from "./drill.js";

const SILENT_MS = 3_000;
/** So little may be sent ahead of what is read: the rest waits at the gateway. */
const WINDOW_BYTES = 2_048;
/** What had passed the wire before it was frozen is read by then. */
const LAST_BYTES_MS = 100;
const CAUGHT_UP_MS_MAX = 15_000;

export const SLOW_SUBSCRIBER: LiveDrill = {
  name: "slow-subscriber",
  hypothesis:
    "who does not read costs nobody else anything, and misses nothing when he reads again",
  about: `a second subscriber to the probe's own account reads nothing for ${SILENT_MS} ms, then goes on`,
  needs: "nothing else",
  bound: HARDLY_NOTICED,
  pace: PACE,
  plan: ({ radius }) =>
    ({
      actors: [],
      nodes: [],
      symbols: radius.symbols,
      does: [
        "subscribe to the probe's account once more, on a connection of its own",
        `read nothing from it for ${SILENT_MS} ms, while the probe's orders go on`,
      ],
      undone: ["end that connection"],
      strike,
    }) satisfies Plan,
};

async function strike(stage: Stage): Promise<Struck> {
  const { probe } = stage;
  const wire = await TcpProxy.start(`tcp://${stage.address}`);
  const account = { account: probe.account, fromSequence: probe.firstSequence };
  const client = ExchangeClient.connect(`127.0.0.1:${new URL(wire.url).port}`, {
    accounts: [probe.account],
    isReadOnly: true,
    windowBytes: WINDOW_BYTES,
  });
  const read: AccountEvent[] = [];
  try {
    client.subscribeAccounts([account], { onEvents: (events) => read.push(...events) });
    if (!(await stage.isSo(CAUGHT_UP_MS_MAX, () => read.length > 0))) {
      return { failures: ["the second subscriber was told nothing"], summary: "nothing was told" };
    }
    return await beSilent(stage, wire, read);
  } finally {
    client.close();
    await wire.stop();
  }
}

async function beSilent(stage: Stage, wire: TcpProxy, read: AccountEvent[]): Promise<Struck> {
  const { events } = stage.probe;
  wire.freeze("answers");
  await stage.pause(LAST_BYTES_MS);
  const [readBefore, toldBefore] = [read.length, events.length];
  await stage.pause(SILENT_MS);
  const [readMeanwhile, toldMeanwhile] = [read.length - readBefore, events.length - toldBefore];
  wire.thaw();
  const thawedMs = performance.now();
  const toldUntilNow = events.length;
  const isCaughtUp = await stage.isSo(CAUGHT_UP_MS_MAX, () => read.length >= toldUntilNow);
  const caughtUpMs = performance.now() - thawedMs;
  const failures: string[] = [];
  if (readMeanwhile > 0)
    failures.push(`${readMeanwhile} events were read although nothing was to be`);
  const missed = events.slice(toldBefore, toldBefore + toldMeanwhile);
  const bytes = missed.reduce((sum, event) => sum + AccountEvent.encode(event).finish().length, 0);
  const heldBytes = Math.max(0, bytes - WINDOW_BYTES);
  if (heldBytes === 0)
    failures.push("nothing happened that the gateway would have had to hold back");
  const count = Math.min(read.length, events.length);
  if (!isCaughtUp || !isDeepStrictEqual(read.slice(0, count), events.slice(0, count))) {
    failures.push("who had not read was not told what the other was");
  }
  return {
    failures,
    samples: { caughtUp: [caughtUpMs] },
    summary: `${toldMeanwhile} events were not read for ${SILENT_MS} ms, of which the gateway held ${heldBytes} bytes and more, and came within ${Math.round(caughtUpMs)} ms then`,
  };
}
