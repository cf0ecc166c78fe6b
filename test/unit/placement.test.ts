/** Who follows, claims, asks for and gives away what: from views alone. */
import { describe, expect, it } from "vitest";
import { preference } from "../../actors/placement/rendezvous.js";
import {
  cordonKey,
  drainKey,
  moveKey,
  parseWishes,
  standbyKey,
} from "../../actors/placement/wishes.js";
import { CLAIM_REASONS } from "../../services/host/reasons.js";
import { encodeNodeInfo, type NodeInfo, parseNodeInfo } from "../../services/node/info.js";
import {
  FLAPS_FORGOTTEN_AFTER_MS,
  MOVE_AFTER_MS,
  DEFERENCE_MS,
  NEXT_CHOICE_AFTER_MS,
  REST_MS,
} from "../../services/node/limits.js";
import { type Member, Membership } from "../../services/node/membership.js";
import { Placement, type View } from "../../services/node/placement.js";

const ACTOR = "market.X";
const NAMES = ["node-1", "node-2", "node-3"];
const [BEST, SECOND, THIRD] = preference(
  ACTOR,
  NAMES.map((node) => ({ node, weight: 1 })),
) as [string, string, string];

const INFO: NodeInfo = {
  address: "",
  weight: 1,
  incarnation: "i",
  exchange: "",
  unable: [],
  isLeaving: false,
};

interface Scene {
  readonly leader?: string;
  readonly nowMs?: number;
  readonly suspects?: Readonly<Record<string, string>>;
  readonly leaving?: readonly string[];
  readonly fresh?: readonly string[];
  readonly wishes?: Readonly<Record<string, string>>;
  readonly isWell?: boolean;
  readonly isHeard?: boolean;
  readonly stuck?: string;
  /** Where the actor has stopped. */
  readonly unable?: readonly string[];
}

function view(scene: Scene): View {
  const { leader, nowMs = 0, suspects = {}, leaving = [], fresh = [], unable = [] } = scene;
  const members = new Map(
    NAMES.map((node): [string, Member] => [
      node,
      {
        info: {
          ...INFO,
          isLeaving: leaving.includes(node),
          unable: unable.includes(node) ? ["market.other", ACTOR] : ["market.other"],
        },
        suspicion: suspects[node] ?? null,
        isSteady: !fresh.includes(node),
      },
    ]),
  );
  const key = { actorName: ACTOR, node: leader ?? "", revision: 1, handedAt: null };
  return {
    nowMs,
    members,
    leaders: new Map(leader === undefined ? [] : [[ACTOR, key]]),
    wishes: parseWishes(new Map(Object.entries(scene.wishes ?? {}))),
    isWell: scene.isWell ?? true,
    isHeard: () => scene.isHeard ?? false,
    isStuck: (node) => scene.stuck === node,
  };
}

/** Which nodes would do it. */
function those(will: (placement: Placement, node: string) => boolean): string[] {
  return NAMES.filter((node) => will(new Placement(node), node)).sort();
}

it("gives a node of twice the weight twice the share", () => {
  const { members, ...rest } = view({});
  const weighed = new Map(
    [...members].map(([node, member]): [string, Member] => {
      const weight = node === THIRD ? 2 : 1;
      return [node, { ...member, info: { ...member.info, weight } }];
    }),
  );
  const seen = { ...rest, members: weighed };
  const actors = Array.from({ length: 2_000 }, (_, n) => `market.${n}`);
  const shareOf = (node: string) => {
    const placement = new Placement(node);
    return actors.filter((name) => placement.reasonToClaim(name, seen) !== null).length;
  };
  expect(shareOf(THIRD) / actors.length).toBeCloseTo(1 / 2, 1);
  expect(shareOf(BEST) / actors.length).toBeCloseTo(1 / 4, 1);
});

describe("claims", () => {
  it("are made of what a key says that a node leads which is not there, and nobody is heard of it", () => {
    const claimers = (scene: Scene) =>
      those((placement) => placement.reasonToClaim(ACTOR, view(scene)) === CLAIM_REASONS.free);
    expect(claimers({ leader: "node-9" })).toEqual([BEST]);
    expect(claimers({ leader: "node-9", isHeard: true })).toEqual([]);
    expect(claimers({ leader: "node-9", isWell: false })).toEqual([]);
  });

  it("are made by the preferred node, and by the next ones when it does not", () => {
    const placements = new Map(NAMES.map((name) => [name, new Placement(name)]));
    const claimers = (scene: Scene) =>
      NAMES.filter((name) => placements.get(name)!.reasonToClaim(ACTOR, view(scene)) !== null);
    expect(claimers({ nowMs: 0 })).toEqual([BEST]);
    const later = { nowMs: NEXT_CHOICE_AFTER_MS };
    expect(new Set(claimers(later))).toEqual(new Set([BEST, SECOND]));
    expect(claimers({ nowMs: 2 * NEXT_CHOICE_AFTER_MS })).toHaveLength(3);
    expect(claimers({ nowMs: 9_000, leader: BEST })).toEqual([]);
    // A new loss is waited for anew.
    expect(claimers({ nowMs: 9_001 })).toEqual([BEST]);
  });

  it("do not wait for the lease of a leader that is taken for dead", () => {
    const suspects = { [BEST]: "its leader is silent" };
    const claimers = those(
      (placement) =>
        placement.reasonToClaim(ACTOR, view({ leader: BEST, suspects })) === "its leader is silent",
    );
    expect(claimers).toEqual([SECOND]);
    const unwell = view({ leader: BEST, suspects, isWell: false });
    expect(new Placement(SECOND).reasonToClaim(ACTOR, unwell)).toBeNull();
  });

  it("take an actor from a node where its commit hangs, and then let it rest", () => {
    const placement = new Placement(SECOND);
    const claims = (scene: Scene) => {
      placement.see(ACTOR, view(scene));
      return placement.reasonToClaim(ACTOR, view(scene)) !== null;
    };
    expect(claims({ nowMs: 0, leader: BEST })).toBe(false);
    expect(claims({ nowMs: 100, leader: BEST, stuck: BEST })).toBe(true);
    // Another has taken it, and is silent, while the one before speaks: a little later only, and twice as long the next time.
    const silent = (node: string) => ({ [node]: "its leader is silent" });
    expect(claims({ nowMs: 200, leader: THIRD })).toBe(false);
    expect(claims({ nowMs: 300, leader: THIRD, suspects: silent(THIRD) })).toBe(false);
    expect(claims({ nowMs: 200 + REST_MS, leader: THIRD, suspects: silent(THIRD) })).toBe(true);
    expect(claims({ nowMs: 900, leader: BEST })).toBe(false);
    const suspects = silent(BEST);
    expect(claims({ nowMs: 900 + REST_MS, leader: BEST, suspects })).toBe(false);
    expect(claims({ nowMs: 900 + 2 * REST_MS, leader: BEST, suspects })).toBe(true);
    // A process that has ended is beyond doubt.
    const ended = { ...suspects, [THIRD]: CLAIM_REASONS.ended };
    expect(claims({ nowMs: 2_000, leader: THIRD, suspects: ended })).toBe(true);
  });

  it("are not made of an actor whose leader speaks, though etcd has forgotten it", () => {
    const claims = (isHeard: boolean) =>
      new Placement(BEST).reasonToClaim(ACTOR, view({ isHeard })) !== null;
    expect([claims(true), claims(false)]).toEqual([false, true]);
  });

  it("do not wait for long for one another, where nodes have seen different ones drop the actor", () => {
    const SILENT = "its leader is silent";
    /** A node that has seen another drop the actor, and then the third node lead it. */
    const seen = (node: string, dropped: string) => {
      const placement = new Placement(node);
      placement.see(ACTOR, view({ nowMs: 0, leader: dropped }));
      placement.see(ACTOR, view({ nowMs: 100, leader: THIRD }));
      return placement;
    };
    const [best, second] = [seen(BEST, BEST), seen(SECOND, SECOND)];
    const claimers = (nowMs: number) => {
      const now = view({ nowMs, leader: THIRD, suspects: { [THIRD]: SILENT } });
      return [best, second].map((placement) => placement.reasonToClaim(ACTOR, now) !== null);
    };
    // Each takes the other for the better heir.
    expect(claimers(5_000)).toEqual([false, false]);
    expect(claimers(5_000 + DEFERENCE_MS - 1)).toEqual([false, false]);
    expect(claimers(5_000 + DEFERENCE_MS)).toEqual([true, false]);
    expect(claimers(5_000 + NEXT_CHOICE_AFTER_MS)).toEqual([true, true]);
  });

  it("pass over nodes that are leaving, cordoned or drained, unless there are no others", () => {
    const claimers = (scene: Scene) =>
      those((placement) => placement.reasonToClaim(ACTOR, view(scene)) !== null);
    expect(claimers({ leaving: [BEST] })).toEqual([SECOND]);
    expect(claimers({ wishes: { [cordonKey(BEST)]: "on" } })).toEqual([SECOND]);
    expect(claimers({ wishes: { [drainKey(BEST)]: "on", [cordonKey(SECOND)]: "on" } })).toEqual([
      THIRD,
    ]);
    const all = Object.fromEntries(NAMES.map((node) => [drainKey(node), "on"]));
    expect(claimers({ wishes: all })).toEqual([BEST]);
    // The last open one has died: what is cordoned stays where it is, what is drained may be stopped any moment.
    const closed = { [drainKey(BEST)]: "on", [cordonKey(SECOND)]: "on" };
    expect(claimers({ wishes: closed, suspects: { [THIRD]: CLAIM_REASONS.ended } })).toEqual([
      SECOND,
    ]);
  });

  it("go where an operator wishes, if that node is there", () => {
    const wishes = { [moveKey(ACTOR)]: THIRD };
    const claimers = (scene: Scene) =>
      those((placement) => placement.reasonToClaim(ACTOR, view(scene)) !== null);
    expect(claimers({ wishes })).toEqual([THIRD]);
    expect(claimers({ wishes, suspects: { [THIRD]: "its leader is silent" } })).toEqual([BEST]);
    expect(claimers({ wishes: { [moveKey(ACTOR)]: "node-9" } })).toEqual([BEST]);
  });
});

describe("standbys", () => {
  const followers = (scene: Scene) =>
    those((placement) => placement.shouldFollow(ACTOR, view(scene)));

  it("are the first choice that does not lead", () => {
    expect(followers({ leader: BEST })).toEqual([SECOND]);
    expect(followers({ leader: THIRD })).toEqual([BEST]);
    expect(followers({})).toEqual([]);
  });

  it("can be switched off for an actor", () => {
    expect(followers({ leader: BEST, wishes: { [standbyKey(ACTOR)]: "off" } })).toEqual([]);
  });
});

describe("planned moves", () => {
  const askers = (scene: Scene) => those((placement) => placement.shouldAsk(ACTOR, view(scene)));

  it("are asked for by the better node when it has stayed for a while, and granted to it alone", () => {
    expect(askers({ leader: SECOND })).toEqual([BEST]);
    expect(askers({ leader: SECOND, fresh: [BEST] })).toEqual([]);
    expect(askers({ leader: BEST })).toEqual([]);
    expect(new Placement(SECOND).mayGive(ACTOR, BEST, view({ leader: SECOND }))).toBe(true);
    expect(new Placement(SECOND).mayGive(ACTOR, THIRD, view({ leader: SECOND }))).toBe(false);
    const fresh = view({ leader: SECOND, fresh: [BEST] });
    expect(new Placement(SECOND).mayGive(ACTOR, BEST, fresh)).toBe(false);
  });

  it("empty a node that leaves or is drained at once, and leave a cordoned one what it has", () => {
    expect(askers({ leader: BEST, leaving: [BEST], fresh: NAMES })).toEqual([SECOND]);
    expect(askers({ leader: BEST, wishes: { [drainKey(BEST)]: "on" }, fresh: NAMES })).toEqual([
      SECOND,
    ]);
    expect(askers({ leader: SECOND, wishes: { [cordonKey(SECOND)]: "on" } })).toEqual([]);
    expect(askers({ leader: BEST, wishes: { [moveKey(ACTOR)]: THIRD }, fresh: NAMES })).toEqual([
      THIRD,
    ]);
  });

  it("are not asked of a leader that is taken for dead", () => {
    expect(askers({ leader: SECOND, suspects: { [SECOND]: "its leader is silent" } })).toEqual([]);
  });
});

describe("a node on which an actor has stopped", () => {
  const followers = (scene: Scene) =>
    those((placement) => placement.shouldFollow(ACTOR, view(scene)));
  const claimers = (scene: Scene) =>
    those((placement) => placement.reasonToClaim(ACTOR, view(scene)) !== null);

  it("stands by for it no longer, nor keeps others waiting, nor is given it", () => {
    expect(followers({ leader: BEST })).toEqual([SECOND]);
    expect(followers({ leader: BEST, unable: [SECOND] })).toEqual([THIRD]);
    const suspects = { [BEST]: CLAIM_REASONS.ended };
    expect(claimers({ leader: BEST, suspects })).toEqual([SECOND]);
    expect(claimers({ leader: BEST, suspects, unable: [SECOND] })).toEqual([THIRD]);
    const asks = (scene: Scene) =>
      those((placement) => placement.shouldAsk(ACTOR, view({ leader: SECOND, ...scene })));
    expect([asks({}), asks({ unable: [BEST] })]).toEqual([[BEST], []]);
    const wishes = { [moveKey(ACTOR)]: THIRD };
    expect([asks({ wishes }), asks({ wishes, unable: [THIRD] })]).toEqual([[THIRD], [BEST]]);
  });

  it("is what it was where it has stopped everywhere, and again when it is able", () => {
    expect(followers({ leader: BEST, unable: NAMES })).toEqual([SECOND]);
    expect(claimers({ unable: NAMES })).toEqual([BEST]);
    const placement = new Placement(SECOND);
    expect(placement.shouldFollow(ACTOR, view({ leader: BEST, unable: [SECOND] }))).toBe(false);
    expect(placement.shouldFollow(ACTOR, view({ leader: BEST }))).toBe(true);
  });

  it("says so in words that another version may have, and nonsense is nothing", () => {
    const told = { ...INFO, unable: ["market.A", "ledger.1"] };
    expect(parseNodeInfo(encodeNodeInfo(told)).unable).toEqual(told.unable);
    for (const unable of ["x", 3, null, [3, {}]]) {
      expect(parseNodeInfo(JSON.stringify({ ...INFO, unable })).unable).toEqual([]);
    }
  });
});

describe("membership", () => {
  const alive = (info: Partial<NodeInfo> = {}) =>
    new Map([["node-1", encodeNodeInfo({ ...INFO, ...info })]]);
  const nobody = new Map<string, string>();
  const well = () => null;

  function steadyAfterMs(membership: Membership, fromMs: number): number {
    for (let ms = 0; ; ms += 100) {
      if (membership.see(alive(), well, fromMs + ms).get("node-1")!.isSteady) return ms;
    }
  }

  it("trusts a node the later the more often it was lost", () => {
    const membership = new Membership();
    expect(steadyAfterMs(membership, 0)).toBe(MOVE_AFTER_MS);
    membership.see(nobody, well, 10_000);
    expect(steadyAfterMs(membership, 11_000)).toBe(2 * MOVE_AFTER_MS);
    membership.see(alive(), () => "its leader is silent", 30_000);
    expect(steadyAfterMs(membership, 31_000)).toBe(4 * MOVE_AFTER_MS);
    // Another life under the same name was lost in between, though nobody saw it.
    membership.see(alive({ incarnation: "j" }), well, 60_000);
    expect(steadyAfterMs(membership, 60_000)).toBe(16 * MOVE_AFTER_MS);
    const muchLaterMs = 200_000 + FLAPS_FORGOTTEN_AFTER_MS;
    membership.see(nobody, well, muchLaterMs);
    expect(steadyAfterMs(membership, muchLaterMs)).toBe(2 * MOVE_AFTER_MS);
  });

  it("tells for how long a node has to stay yet, and how often it was lost", () => {
    const membership = new Membership();
    membership.see(alive(), well, 0);
    expect(membership.trials(1_000)).toEqual({
      "node-1": { losses: 0, remainingMs: MOVE_AFTER_MS - 1_000, knownMs: 1_000 },
    });
    membership.see(nobody, well, 2_000);
    expect(membership.trials(2_500)).toEqual({});
    membership.see(alive(), well, 3_000);
    expect(membership.trials(4_000)).toEqual({
      "node-1": { losses: 1, remainingMs: 2 * MOVE_AFTER_MS - 1_000, knownMs: 4_000 },
    });
    expect(membership.trials(3_000 + 2 * MOVE_AFTER_MS)["node-1"]!.remainingMs).toBe(0);
  });

  it("does not count a node that said that it leaves", () => {
    const membership = new Membership();
    membership.see(alive({ isLeaving: true }), well, 0);
    membership.see(nobody, well, 1_000);
    expect(steadyAfterMs(membership, 2_000)).toBe(MOVE_AFTER_MS);
  });

  it("takes a node that says nonsense for a plain one", () => {
    for (const text of ["", "{", "null", '{"weight":-1}', '{"weight":"many","isLeaving":1}']) {
      const { weight, isLeaving } = parseNodeInfo(text);
      expect({ weight, isLeaving }).toEqual({ weight: 1, isLeaving: false });
    }
  });
});
