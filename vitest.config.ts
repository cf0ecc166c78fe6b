import { defineConfig } from "vitest/config";

const SECOND_MS = 1_000;

/** The tests share two cores with the servers they start, so few files run at once. */
const MAX_WORKERS = 2;
/** Of these, whose files wait for servers as much as they work. */
const INTEGRATION_MAX_WORKERS = 3;

export default defineConfig({
  test: {
    maxWorkers: MAX_WORKERS,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          // What is tested here is pure, or given all that it touches: files may share its modules, loaded once.
          isolate: false,
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
          maxWorkers: INTEGRATION_MAX_WORKERS,
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
          // Of what a file says may go on at the same time.
          maxConcurrency: 2,
          testTimeout: 600 * SECOND_MS,
          hookTimeout: 180 * SECOND_MS,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
