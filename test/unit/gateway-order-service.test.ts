/** Who may open an order-entry stream. */
import { EventEmitter } from "node:events";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import type { Catalog } from "../../services/gateway/catalog.js";
import { ClientShares } from "../../services/gateway/client-shares.js";
import { ENTRY_STREAMS_MAX } from "../../services/gateway/limits.js";
import type { OrderDesk } from "../../services/gateway/order-desk.js";
import type { EntryCall } from "../../services/gateway/order-entry.js";
import type { OrderIntake } from "../../services/gateway/order-intake.js";
import { OrderService } from "../../services/gateway/order-service.js";
import type { unary } from "../../services/gateway/unary.js";

const unanswered = (() => () => undefined) as unknown as ReturnType<typeof unary>;
const service = () => {
  const shares = new ClientShares({ commands: { shareRefusal: () => undefined }, shards: 1 });
  const deps = { intake: {} as OrderIntake, catalog: {} as Catalog, shares };
  return new OrderService({} as OrderDesk, unanswered, deps);
};

/** Opens a stream for a session; gives the error that it has ended with. */
function open({ handlers }: OrderService, accounts: string, role: string) {
  const metadata = new Metadata();
  metadata.set("palisade-accounts", accounts);
  metadata.set("palisade-role", role);
  const call = Object.assign(new EventEmitter(), { metadata });
  let failure: ServiceError | undefined;
  call.on("error", (error: ServiceError) => (failure = error));
  handlers.orderEntry(call as unknown as EntryCall);
  return failure;
}

describe("an order-entry stream", () => {
  it.each(["7", "*"])(
    "of a session that only sees %s is refused, and takes no place",
    (accounts) => {
      const orders = service();
      for (let n = 0; n <= ENTRY_STREAMS_MAX.ofOperators; n++) {
        const failure = open(orders, accounts, "read-only");
        expect(failure).toMatchObject({ code: status.PERMISSION_DENIED });
        expect(failure!.metadata.get("palisade-code")).toEqual(["READ_ONLY"]);
        expect(failure!.details).toContain("palisade-role");
      }
      const queues = orders.queues();
      expect(queues["gateway-entry-streams"].length).toBe(0);
      expect(queues["gateway-entry-streams-clients"].length).toBe(0);
      expect(queues["gateway-entry-streams-operators"].length).toBe(0);
      expect(open(orders, accounts, "trader")).toBeUndefined();
    },
  );
});
