/** What can be taken away, by name: a list that is cheap to have. */
export const MUTATION_NAMES = [
  "fence",
  "batch-check",
  "marks",
  "outbox",
  "identity",
  "commit-before-send",
  "fresh-reads",
] as const;

export type MutationName = (typeof MUTATION_NAMES)[number];
