import { expect, it } from "vitest";
import { drawPlan } from "../../chaos/simulator/faults/plan.js";
import { parsePlan, planText } from "../../chaos/simulator/faults/plan-file.js";

const PLAN = drawPlan(7);
const [FAULT, ...OTHERS] = PLAN.faults;
const { node: _, ...NOWHERE } = FAULT!;

const withFault = (change: object) => ({ ...PLAN, faults: [{ ...FAULT, ...change }, ...OTHERS] });

it("a drawn plan is read as it was written", () => {
  for (const seed of [1, 2, 3]) {
    const plan = drawPlan(seed);
    expect(parsePlan(JSON.stringify(plan), "plan.json")).toEqual({ plan });
  }
});

it("a saved plan remembers what was missing, and what was violated", () => {
  const violation = { rule: "R1", atMs: 12.5, message: "two at once" } as const;
  const text = planText({ plan: PLAN, without: "fence" }, violation);
  expect(JSON.parse(text)).toEqual({ ...PLAN, without: "fence", violation });
  expect(parsePlan(text, "plan.json")).toEqual({ plan: PLAN, without: "fence" });
});

it.each([
  ["no plan at all", [], "the whole", "expected object"],
  ["commands below one", { ...PLAN, commands: -5 }, "commands", ">=1"],
  ["too many commands", { ...PLAN, commands: 1e9 }, "commands", "<=100000"],
  ["half a seed", { ...PLAN, seed: 0.5 }, "seed", "expected int"],
  ["no faults", { ...PLAN, faults: undefined }, "faults", "expected array"],
  ["a field that there is not", { ...PLAN, sede: 1 }, "the whole", '"sede"'],
  ["a kind that there is not", withFault({ kind: "crash" }), "faults[0].kind", '"crash-node"'],
  ["no node", { ...PLAN, faults: [NOWHERE] }, "faults[0].node", '"node-1"|"node-2"|"node-3"'],
  ["an unknown node", withFault({ node: "node-9" }), "faults[0].node", '"node-3"'],
  ["an unknown actor", withFault({ actor: "ledger.3" }), "faults[0].actor", '"market.ALFA"'],
  ["an unknown gateway", withFault({ gateway: "g" }), "faults[0].gateway", '"gateway-1"'],
  ["an unknown server", withFault({ server: "s" }), "faults[0].server", '"postgres"|"nats"|"etcd"'],
  ["twice one node", withFault({ other: FAULT!.node }), "faults[0].other", "another node"],
  ["an unknown safety", { ...PLAN, without: "fense" }, "without", '"fence"'],
  ["no end", withFault({ forMs: 1e12 }), "faults[0].forMs", "<=600000"],
  ["before the beginning", withFault({ atMs: -1 }), "faults[0].atMs", ">=0"],
  ["too bad", withFault({ size: 2 }), "faults[0].size", "<=1"],
])("refuses a plan with %s, and says where and what is allowed", (_what, plan, field, allowed) => {
  const parse = () => parsePlan(JSON.stringify(plan), "plan.json");
  expect(parse).toThrow(expect.objectContaining({ code: "INVALID_PLAN" }));
  expect(parse).toThrow(`plan.json: ${field}: `);
  expect(parse).toThrow(allowed);
});

it("refuses what is not JSON", () => {
  expect(() => parsePlan("# no", "plan.json")).toThrow(/^INVALID_PLAN: plan\.json holds no plan/);
});
