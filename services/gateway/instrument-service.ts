/** Instruments and the exchange's clock over gRPC. */
import type {
  InstrumentServiceServer,
  TimeServiceServer,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeTime } from "./exchange-time.js";
import type { InstrumentDesk } from "./instrument-desk.js";
import { fromPostgres, type unary } from "./unary.js";

export function instrumentHandlers(
  desk: InstrumentDesk,
  handler: ReturnType<typeof unary>,
): InstrumentServiceServer {
  return {
    createInstrument: handler(async (request, session) => {
      session().requireAll("creating an instrument");
      return { instrument: await desk.create(request.instrument) };
    }),
    listInstruments: handler(() => desk.list()),
  };
}

/** The exchange's clock, as Postgres has it. */
export function timeHandlers(
  handler: ReturnType<typeof unary>,
  time: ExchangeTime,
): TimeServiceServer {
  return {
    getServerTime: handler(async () => ({ time: await fromPostgres(time.read()) })),
  };
}
