import { defineConfig } from "vitest/config";

const SECOND_MS = 1_000;

/** The tests share two cores with the servers they start, so few files run at once. */
const MAX_WORKERS = 2;

export default defineConfig({
  test: {
    maxWorkers: MAX_WORKERS,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [
            "test/unit/**/*.test.ts",
            "test/property/**/*.test.ts",
            "test/golden/**/*.test.ts",
            "test/tidy.test.ts",
          ],
          testTimeout: 60 * SECOND_MS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: [
            "test/integration/**/*.test.ts",
            "test/contract/**/*.test.ts",
            "test/servers/**/*.test.ts",
          ],
          testTimeout: 60 * SECOND_MS,
          hookTimeout: 60 * SECOND_MS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          // Each file starts a whole exchange: one at a time, or they starve each other.
          fileParallelism: false,
          testTimeout: 600 * SECOND_MS,
          hookTimeout: 180 * SECOND_MS,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
