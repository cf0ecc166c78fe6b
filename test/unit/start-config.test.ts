import { afterEach, expect, it, vi } from "vitest";
import { start } from "../../services/cli/start.js";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it("shows all settings, and says which of them a start passes over", async () => {
  const written: Record<"stdout" | "stderr", string> = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      written[name] += String(text);
      return true;
    });
  }
  vi.stubEnv("PALISADE_LEASE_TTL_SECONDS", "10");
  expect(await start({ printConfig: true, dataDir: "elsewhere" })).toBe(0);
  expect(written.stdout).toMatch(/^PALISADE_LEASE_TTL_SECONDS=10 +\(env\)/m);
  expect(written.stdout).toMatch(/^PALISADE_DATA_DIR=elsewhere +\(flag\)/m);
  expect(written.stderr).toBe(
    "PALISADE_LEASE_TTL_SECONDS is for single processes; start runs its own and passes it over\n",
  );
  expect(await start({ printConfig: true, json: true })).toBe(0);
  await expect(start({ json: true })).rejects.toThrow("JSON_WITHOUT_END");
});
