/** Plans as files: what a failed seed leaves, and what is run again. */
import { z } from "zod";
import { CliError } from "../../../services/cli/cli-error.js";
import { ACTORS, GATEWAYS, NODES, SERVERS } from "../cluster/names.js";
import { KINDS, type FaultKind } from "./kinds.js";
import type { Violation } from "../checks/verdict.js";
import { MUTATION_NAMES, type MutationName } from "../mutations/names.js";
import type { Plan } from "./plan.js";

export const SEED_MAX = 2 ** 31 - 1;
const COMMANDS_MAX = 100_000;
/** Of virtual time: of each fault, and of all. */
const FAULTS_MS_MAX = 600_000;
const FAULTS_MAX = 1_000;

const milliseconds = z.int().min(0).max(FAULTS_MS_MAX);

const FAULT = z
  .strictObject({
    kind: z.enum(Object.keys(KINDS) as FaultKind[]),
    atMs: milliseconds,
    forMs: milliseconds,
    node: z.enum(NODES),
    other: z.enum(NODES),
    gateway: z.enum(GATEWAYS),
    server: z.enum(SERVERS),
    actor: z.enum(ACTORS),
    size: z.number().min(0).max(1),
  })
  .refine(({ node, other }) => node !== other, {
    path: ["other"],
    error: "it is to be another node than `node`",
  });

const PLAN = z.strictObject({
  seed: z.int().min(0).max(SEED_MAX),
  commands: z.int().min(1).max(COMMANDS_MAX),
  faultsMs: milliseconds.min(1),
  faults: z.array(FAULT).max(FAULTS_MAX),
  without: z.enum(MUTATION_NAMES).optional(),
  /** What came of it: for people. */
  violation: z.strictObject({ rule: z.string(), atMs: z.number(), message: z.string() }).optional(),
});

/** A plan with the safety that it was tried without. */
export interface SavedPlan {
  readonly plan: Plan;
  readonly without?: MutationName;
}

export function planText({ plan, without }: SavedPlan, { rule, atMs, message }: Violation): string {
  const saved = { ...plan, ...(without && { without }), violation: { rule, atMs, message } };
  return `${JSON.stringify(saved, null, 2)}\n`;
}

/** Throws `CliError` that names the field and what is allowed. */
export function parsePlan(text: string, file: string): SavedPlan {
  const { success, data, error } = PLAN.safeParse(readJson(text, file));
  if (success) {
    const { without, violation: _, ...plan } = data;
    return { plan, ...(without && { without }) };
  }
  const [issue] = error.issues;
  const field = z.core.toDotPath(issue!.path) || "the whole";
  throw new CliError("INVALID_PLAN", `${file}: ${field}: ${issue!.message}`);
}

function readJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const wanted = "JSON with seed, commands, faultsMs and faults, as a failed seed leaves it";
    throw new CliError("INVALID_PLAN", `${file} holds no plan: ${wanted}`);
  }
}
