/** Who is taken for dead, and by whom: from connections, heartbeats on two ways, and one's own ways to the servers. */
import { describe, expect, it } from "vitest";
import { encodeHeartbeat } from "../../services/node/heartbeat.js";
import {
  HEARTBEAT_EVERY_MS,
  JUDGES_AFTER_MS,
  LAST_WORDS_MS_MAX,
  PROBE_EVERY_MS,
  REDIAL_AFTER_MS,
  STALE_ANSWERS_MS_MAX,
  SUSPECT_AFTER_MS,
  SUSPECT_AFTER_MS_MAX,
  TICK_LATE_MS,
} from "../../services/node/limits.js";
import { OTHER, Stage, THIRD, WELL } from "../helpers/neighbours.js";

const LONG_MS = SUSPECT_AFTER_MS + PROBE_EVERY_MS + 2 * HEARTBEAT_EVERY_MS;

describe("neighbours", () => {
  it("say nothing with bytes that are no heartbeat, which are counted", () => {
    const stage = new Stage();
    for (const bytes of [[], [255], [1, 1]]) stage.hear(new Uint8Array(bytes));
    expect(stage.refused).toEqual(["heartbeat", "heartbeat", "heartbeat"]);
    expect(stage.suspicion).toBeNull();
  });

  it("are dead at once when their process has ended, and alive in their next life", async () => {
    const stage = new Stage();
    stage.sayByPeer();
    stage.refuse();
    expect(stage.suspicion).toBe("its leader's process has ended");
    expect(stage.changes).toBe(1);
    const next = { ...OTHER, incarnation: "other#2", address: "there:2" };
    stage.neighbours.meet(new Map([["other", next]]));
    expect(stage.suspicion).toBeNull();
    expect([...stage.watched.keys()]).toEqual(["there:2"]);
  });

  it("are alive when they go on speaking after their address refused us, and are watched anew", async () => {
    const stage = new Stage();
    stage.sayByPeer();
    stage.refuse();
    await stage.pass(HEARTBEAT_EVERY_MS, () => stage.sayByBus());
    expect(stage.suspicion).toBe("its leader's process has ended");
    await stage.pass(LAST_WORDS_MS_MAX + HEARTBEAT_EVERY_MS, () => stage.sayByBus());
    expect(stage.suspicion).toBeNull();
    await stage.pass(REDIAL_AFTER_MS, () => stage.sayByBus());
    expect(stage.watched.size).toBe(1);
    // It is believed no more: only silence tells of its end.
    stage.sayByPeer();
    stage.refuse();
    expect(stage.suspicion).toBeNull();
    await stage.pass(LONG_MS);
    expect(stage.suspicion).toBe("its leader is silent");
  });

  it("have not ended where nobody is at an address that has never been theirs, and are dialled ever more seldom", async () => {
    const stage = new Stage();
    const minute = 60_000;
    for (let ms = 0; ms < minute; ms += HEARTBEAT_EVERY_MS) {
      // Another life of it, or somebody else, speaks there now and then.
      if (stage.watched.size > 0) {
        stage.sayByPeer({ incarnation: "other#0" });
        stage.sayByPeer({ node: "nobody" });
        stage.refuse();
      }
      await stage.pass(HEARTBEAT_EVERY_MS, () => stage.sayByBus());
      expect(stage.suspicion).toBeNull();
    }
    expect(stage.changes).toBe(0);
    // At 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s, after the first time.
    expect(stage.dials).toBe(7);
    await stage.pass(LONG_MS);
    expect(stage.suspicion).toBe("its leader is silent");
  });

  it("are dead when they are silent on both ways, and back with their first word", async () => {
    const stage = new Stage();
    await stage.pass(LONG_MS, () => stage.sayByBus());
    expect(stage.suspicion).toBeNull();
    await stage.pass(LONG_MS, () => stage.sayByPeer());
    expect(stage.suspicion).toBeNull();
    await stage.pass(SUSPECT_AFTER_MS - HEARTBEAT_EVERY_MS);
    expect(stage.suspicion).toBeNull();
    await stage.pass(2 * HEARTBEAT_EVERY_MS);
    expect(stage.suspicion).toBe("its leader is silent");
    await stage.pass(HEARTBEAT_EVERY_MS, () => stage.sayByPeer());
    expect(stage.suspicion).toBeNull();
  });

  it("are not heard in the name of another life or of nobody", async () => {
    const stage = new Stage();
    await stage.pass(LONG_MS, () => {
      stage.sayByPeer({ incarnation: "other#0" });
      stage.sayByBus({ node: "nobody" });
    });
    expect(stage.suspicion).toBe("its leader is silent");
  });

  it("are not silent while the bus is away on which alone they are heard, and are so long after it is back", async () => {
    const stage = new Stage();
    await stage.pass(LONG_MS, () => stage.sayByBus());
    stage.answers.log = false;
    for (let ms = 0; ms < 5_000; ms += HEARTBEAT_EVERY_MS) {
      await stage.pass(HEARTBEAT_EVERY_MS);
      expect(stage.suspicion).toBeNull();
    }
    stage.answers.log = true;
    stage.comeBack();
    await stage.pass(SUSPECT_AFTER_MS - HEARTBEAT_EVERY_MS);
    expect(stage.suspicion).toBeNull();
    await stage.pass(LONG_MS);
    expect(stage.suspicion).toBe("its leader is silent");
    // Who was late itself has said nothing that could have come back, and waits a little longer; no more.
    await stage.pass(LONG_MS, () => stage.sayByBus());
    for (let times = 0; times < 10; times++) {
      stage.clock.stall(TICK_LATE_MS + HEARTBEAT_EVERY_MS / 2);
      await stage.pass(HEARTBEAT_EVERY_MS);
    }
    expect(stage.suspicion).toBe("its leader is silent");
    // Who had a connection, and is silent on it, is silent whatever the bus does.
    await stage.pass(HEARTBEAT_EVERY_MS, () => stage.sayByPeer());
    stage.answers.log = false;
    await stage.pass(2 * LONG_MS);
    expect(stage.suspicion).toBe("its leader is silent");
  });

  describe("over connections, and not on the bus", () => {
    const missed = async (stage: Stage, forMs: number) => {
      await stage.pass(forMs, () => {
        stage.sayByPeer();
        stage.sayByThird();
      });
    };
    const isBad = (stage: Stage) => stage.lastSaid!.logBadForMs > SUSPECT_AFTER_MS;

    it("make a node say that its own way is bad where JetStream does not answer it, though its server does", async () => {
      const stage = new Stage();
      stage.meetThird();
      stage.streamsAnswer = false;
      await stage.pass(2 * LONG_MS, () => {
        stage.sayByPeer();
        stage.sayByThird();
        for (const of of [WELL, { ...WELL, node: "third", incarnation: THIRD.incarnation }])
          stage.hear(encodeHeartbeat(of));
      });
      expect([stage.asked, stage.neighbours.isWell, isBad(stage)]).toEqual([0, true, false]);
      await missed(stage, SUSPECT_AFTER_MS - 2 * HEARTBEAT_EVERY_MS);
      expect([stage.neighbours.isWell, isBad(stage)]).toEqual([true, false]);
      await missed(stage, LONG_MS);
      expect([stage.neighbours.isWell, isBad(stage)]).toEqual([false, true]);
      // It judges nobody now, and is well as soon as it has an answer.
      expect([stage.suspicion, stage.neighbours.suspicion("third")]).toEqual([null, null]);
      stage.streamsAnswer = true;
      await missed(stage, 2 * HEARTBEAT_EVERY_MS);
      expect([stage.neighbours.isWell, isBad(stage)]).toEqual([true, false]);
    });

    const thirdOnBus = (stage: Stage) =>
      stage.hear(encodeHeartbeat({ ...WELL, node: "third", incarnation: THIRD.incarnation }));

    it("are given up by who hears more than he misses when they say that theirs is bad, and later though they say it is good", async () => {
      const stage = new Stage();
      stage.meetThird();
      const third = () => {
        stage.sayByThird();
        thirdOnBus(stage);
      };
      await stage.pass(LONG_MS, () => (third(), stage.sayByPeer(), stage.sayByBus()));
      // Its own server answers it, and so does a leader of JetStream that has not noticed yet that it is alone.
      await stage.pass(JUDGES_AFTER_MS - HEARTBEAT_EVERY_MS, () => (third(), stage.sayByPeer()));
      expect([stage.neighbours.isWell, isBad(stage), stage.suspicion]).toEqual([true, false, null]);
      await stage.pass(LONG_MS, () => (third(), stage.sayByPeer()));
      expect(stage.suspicion).toBe("its leader has lost the log");
      await stage.pass(HEARTBEAT_EVERY_MS, () => (third(), stage.sayByPeer(), stage.sayByBus()));
      expect(stage.suspicion).toBeNull();
      let badForMs = 0;
      await stage.pass(SUSPECT_AFTER_MS + 2 * HEARTBEAT_EVERY_MS, () => {
        badForMs += HEARTBEAT_EVERY_MS;
        third();
        stage.sayByPeer({ logBadForMs: badForMs });
      });
      expect(stage.suspicion).toBe("its leader has lost the log");
    });

    it("are not judged by who hears no more than he misses, until no stale answer can be", async () => {
      const stage = new Stage();
      stage.meetThird();
      let badForMs = 0;
      const bad = () => {
        badForMs += HEARTBEAT_EVERY_MS;
        stage.sayByPeer({ logBadForMs: badForMs });
        stage.sayByThird();
      };
      await stage.pass(STALE_ANSWERS_MS_MAX - LONG_MS, bad);
      expect([stage.neighbours.isWell, stage.suspicion]).toEqual([true, null]);
      await stage.pass(JUDGES_AFTER_MS + 3 * LONG_MS, bad);
      expect(stage.suspicion).toBe("its leader has lost the log");
    });

    it("are judged by who is held up now and then, if they have been bad for long", async () => {
      const stage = new Stage();
      let badForMs = 0;
      let passedMs = 0;
      let suspected: string | null = null;
      await stage.pass(8_000, () => {
        passedMs += HEARTBEAT_EVERY_MS;
        badForMs += HEARTBEAT_EVERY_MS;
        stage.answers.store = passedMs % 2_500 > 500;
        if (stage.answers.store) stage.comeBack();
        stage.sayByPeer({ storeBadForMs: badForMs });
        suspected ??= stage.suspicion;
      });
      expect(suspected).toBe("its leader has lost the store");
    });

    it("are not judged by a node whose own server stands still with theirs, whoever asked it first", async () => {
      const stage = new Stage();
      stage.meetThird();
      await missed(stage, LONG_MS);
      stage.answers.log = false;
      let badForMs = 0;
      await stage.pass(3_000, () => {
        badForMs += HEARTBEAT_EVERY_MS;
        stage.sayByPeer({ logBadForMs: badForMs });
        expect(stage.suspicion).toBeNull();
      });
    });
  });

  it("are given up for a way that stays bad, also by who has had a bad moment meanwhile", async () => {
    const stage = new Stage();
    let badForMs = 0;
    const cut = () => {
      badForMs += HEARTBEAT_EVERY_MS;
      stage.sayByPeer({ logBadForMs: badForMs });
    };
    await stage.pass(HEARTBEAT_EVERY_MS, cut);
    stage.answers.log = false;
    await stage.pass(LONG_MS, cut);
    stage.answers.log = true;
    stage.comeBack();
    await stage.pass(JUDGES_AFTER_MS - PROBE_EVERY_MS, cut);
    expect(stage.suspicion).toBeNull();
    await stage.pass(2 * PROBE_EVERY_MS + 2 * HEARTBEAT_EVERY_MS, cut);
    expect(stage.suspicion).toBe("its leader has lost the log");
  });

  it("are given up when their way to a server is bad and ours is good, not when both are", async () => {
    for (const [said, server, reason] of [
      [{ storeBadForMs: LONG_MS }, "store", "its leader has lost the store"],
      [{ logBadForMs: LONG_MS }, "log", "its leader has lost the log"],
    ] as const) {
      const stage = new Stage();
      await stage.pass(2 * LONG_MS, () => (stage.sayByPeer(), stage.sayByBus()));
      await stage.pass(HEARTBEAT_EVERY_MS, () => stage.sayByPeer(said));
      expect(stage.suspicion).toBe(reason);
      stage.answers[server] = false;
      await stage.pass(LONG_MS, () => stage.sayByPeer(said));
      expect(stage.suspicion).toBeNull();
      expect(stage.neighbours.isWell).toBe(false);
      // The server is back, and this node is the first to know: nobody is the worse for that.
      stage.answers[server] = true;
      stage.comeBack();
      await stage.pass(2 * HEARTBEAT_EVERY_MS, () => stage.sayByPeer(said));
      expect(stage.neighbours.isWell).toBe(true);
      expect(stage.suspicion).toBeNull();
    }
  });

  it("lose an actor whose commit hangs to one whose commits do not", async () => {
    const stage = new Stage();
    await stage.pass(LONG_MS, () => stage.sayByPeer());
    await stage.pass(HEARTBEAT_EVERY_MS, () => stage.sayByPeer({ stuck: [7] }));
    expect(stage.suspicion).toBeNull();
    expect([7, 8].map((actor) => stage.neighbours.isStuck("other", actor))).toEqual([true, false]);
    stage.isHanging = true;
    expect(stage.neighbours.isStuck("other", 7)).toBe(false);
    stage.isHanging = false;
    // What this one cannot lead is another matter.
    stage.stuck = [8];
    expect(stage.neighbours.isStuck("other", 7)).toBe(true);
    await stage.pass(HEARTBEAT_EVERY_MS, () => stage.sayByPeer());
    expect(stage.neighbours.isStuck("other", 7)).toBe(false);
    // Also where that one has been late itself.
    stage.clock.stall(HEARTBEAT_EVERY_MS + 10);
    stage.clock.advance(0);
    await stage.pass(LONG_MS, () => stage.sayByPeer({ stuck: [7] }));
    expect(stage.neighbours.isStuck("other", 7)).toBe(true);
  });

  it("are not judged by a node that was held up itself", async () => {
    const stage = new Stage();
    await stage.pass(LONG_MS, () => stage.sayByPeer());
    // Timers stood still, as in a process that was stopped.
    stage.clock.stall(5_000);
    stage.clock.advance(0);
    expect(stage.suspicion).toBeNull();
    await stage.pass(LONG_MS);
    expect(stage.suspicion).toBeNull();
    await stage.pass(SUSPECT_AFTER_MS_MAX - LONG_MS + HEARTBEAT_EVERY_MS);
    expect(stage.suspicion).toBe("its leader is silent");
  });

  it("are waited for the longer by a node that is late itself, until that is a while ago", async () => {
    const stage = new Stage();
    const silentFor = async (): Promise<number> => {
      for (let ms = 0; ; ms += HEARTBEAT_EVERY_MS) {
        if (stage.suspicion !== null) return ms;
        await stage.pass(HEARTBEAT_EVERY_MS);
      }
    };
    await stage.pass(LONG_MS, () => stage.sayByPeer());
    const usual = await silentFor();
    await stage.pass(LONG_MS, () => stage.sayByPeer());
    stage.clock.stall(HEARTBEAT_EVERY_MS + TICK_LATE_MS);
    stage.clock.advance(0);
    stage.sayByPeer();
    const late = await silentFor();
    expect(usual).toBeLessThanOrEqual(SUSPECT_AFTER_MS + 2 * HEARTBEAT_EVERY_MS);
    expect(late).toBeGreaterThan(usual + TICK_LATE_MS);
    await stage.pass(20_000, () => (stage.sayByPeer(), stage.sayByBus()));
    expect(await silentFor()).toBe(usual);
  });

  it("hear of a node in the midst of its work, as often as at other times", () => {
    const stage = new Stage();
    stage.clock.stall(HEARTBEAT_EVERY_MS);
    for (let times = 0; times < 3; times++) stage.neighbours.beat();
    expect(stage.said).toBe(1);
    stage.clock.stall(HEARTBEAT_EVERY_MS - 1);
    stage.neighbours.beat();
    expect(stage.said).toBe(1);
    stage.clock.stall(1);
    stage.neighbours.beat();
    expect(stage.said).toBe(2);
  });
});
