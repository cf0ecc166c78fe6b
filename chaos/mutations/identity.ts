/** Without the identity of streams: whoever asks after it is told what he expects, which is what he was told before. */
import type { Log, LogMessage, StreamIdentity } from "../../services/ports/log.js";
import { over } from "../over.js";

export function withoutIdentity(log: Log): Log {
  const identities = new Map<string, StreamIdentity>();
  const messages = new Map<string, LogMessage>();
  return over<Log>(log, {
    create: async (name, anchor) => {
      const identity = await log.create(name, anchor);
      identities.set(`${name} ${anchor}`, identity);
      return identity;
    },
    identify: async (name, anchor) => {
      const real = await log.identify(name, anchor);
      const first = identities.get(`${name} ${anchor}`) ?? real;
      if (first) identities.set(`${name} ${anchor}`, first);
      return first && { ...first, lastSequence: Number.MAX_SAFE_INTEGER };
    },
    read: async (name, anchor, sequence) =>
      messages.get(`${name} ${anchor} ${sequence}`) ?? (await log.read(name, anchor, sequence)),
    consume: (name, anchor, from, options) =>
      log.consume(name, anchor, from, {
        ...options,
        deliver: (message) => {
          messages.set(`${name} ${anchor} ${message.sequence}`, message);
          options.deliver(message);
        },
      }),
  });
}
