/** The kill switch for all orders of a market: again and again, as a mass cancel has a limit, and it says what is left. */
import { expect, it } from "vitest";
import { endOrders } from "../../services/cli/venue.js";

/** Each mass cancel ends so many of those that are open, and so many come in meanwhile. */
async function ended({ open, endsAtOnce, come }: Record<"open" | "endsAtOnce" | "come", number>) {
  let cancels = 0;
  const client = {
    massCancel: async () => {
      cancels += 1;
      open = Math.max(0, open - endsAtOnce) + come;
      return undefined as never;
    },
  };
  const found = await endOrders(client, { open: async () => open }, "AAPL");
  return { ...found, cancels };
}

it("ends all, however often it takes, and once where none is known to be open", async () => {
  const none = { problem: "", cancels: 1 };
  expect(await ended({ open: 0, endsAtOnce: 100, come: 0 })).toEqual({ ...none, ended: 0 });
  expect(await ended({ open: 7, endsAtOnce: 100, come: 0 })).toEqual({ ...none, ended: 7 });
  expect(await ended({ open: 250, endsAtOnce: 100, come: 0 })).toEqual({
    ended: 250,
    problem: "",
    cancels: 3,
  });
});

it("says that orders are left, as more of them come than are ended, or none is", async () => {
  expect(await ended({ open: 250, endsAtOnce: 100, come: 5 })).toEqual({
    ended: 245,
    problem: expect.stringMatching(/^ORDERS_LEFT: 5 orders are still open/),
    cancels: 4,
  });
  expect(await ended({ open: 3, endsAtOnce: 0, come: 2 })).toMatchObject({
    ended: 0,
    problem: expect.stringMatching(/^ORDERS_LEFT: 5 /),
  });
});

it("cancels once, and says that nobody has counted, where the database does not answer", async () => {
  let cancels = 0;
  const client = {
    massCancel: async () => {
      cancels += 1;
      return undefined as never;
    },
  };
  const isAway = async () => Promise.reject(new Error("no connection"));
  for (const books of [null, { open: isAway }]) {
    const found = await endOrders(client, books, "AAPL");
    expect(found).toEqual({ problem: expect.stringMatching(/^ORDERS_NOT_COUNTED: /) });
  }
  expect(cancels).toBe(2);
});
