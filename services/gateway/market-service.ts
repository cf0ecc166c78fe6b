/** Markets over gRPC, for operators. */
import type { MarketServiceServer } from "../../proto/gen/exchange/v1/exchange.js";
import type { MarketDesk } from "./market-desk.js";
import type { Session } from "./session.js";
import type { unary } from "./unary.js";

export function marketHandlers(
  desk: MarketDesk,
  handler: ReturnType<typeof unary>,
): MarketServiceServer {
  const operators = (session: () => Session): MarketDesk => {
    session().requireAll("looking after a market");
    return desk;
  };
  return {
    getMarket: handler(async ({ symbol }, session) => ({
      market: await operators(session).get(symbol),
    })),
    changePhase: handler(async (request, session) => ({
      market: await operators(session).changePhase(request),
    })),
    setRules: handler(async (request, session) => ({
      market: await operators(session).setRules(request),
    })),
    setSchedule: handler(async (request, session) => ({
      market: await operators(session).setSchedule(request),
    })),
    massCancel: handler(async (request, session) => ({
      market: await operators(session).massCancel(request),
    })),
  };
}
