/** What an exchange makes of a PostgreSQL that dies, answers into the void, or is another one from now on (R1, R2, R5). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PostgresStandby } from "../../chaos/stage/postgres-standby.js";
import { PostgresStage } from "./postgres-stage.js";

const PAIRS = 120;
const LOST_ANSWERS = 10;
const LIMIT_MS = 120_000;

describe("orders that are being placed while PostgreSQL", { timeout: LIMIT_MS }, () => {
  let stage: PostgresStage;

  beforeEach(async () => {
    stage = await PostgresStage.open();
  }, LIMIT_MS);

  afterEach(() => stage?.close(), LIMIT_MS);

  /** Places orders, and lets something happen when some of them have been filled. */
  async function duringOrders(fault: () => Promise<void>): Promise<void> {
    const placing = stage.placePairs(PAIRS);
    await stage.untilFilled(PAIRS / 4);
    await fault();
    await placing;
  }

  it("is killed and started again are all taken, once", async () => {
    await duringOrders(async () => {
      await stage.postgres.kill();
      await stage.postgres.restart();
    });
    await stage.expectNothingLost();
    await stage.placePairs(1);
    await stage.expectNothingLost();
  });

  it("commits and its answers are lost are all taken, once", async () => {
    const before = await stage.claims();
    await duringOrders(async () => {
      for (let n = 0; n < LOST_ANSWERS; n++) await stage.wire.loseAnswerTo("commit_");
    });
    await stage.expectNothingLost();
    // Whoever lost an answer has claimed its actor anew to read what happened.
    expect(await stage.claims()).toBeGreaterThan(before);
  });

  it("fails over to its synchronous standby are all taken, once", async () => {
    const standby = await PostgresStandby.of(stage.postgres.url);
    await duringOrders(async () => {
      await stage.postgres.kill();
      await standby.promote();
      stage.wire.switchTo(standby.server.url);
    });
    await stage.expectNothingLost();
    await stage.placePairs(PAIRS / 4);
    await stage.expectNothingLost();
    await standby.stop();
  });
});
