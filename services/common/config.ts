/** The settings of this process: from flags, else from PALISADE_* variables, else the defaults. */
import { closest } from "./closest.js";
import { type Config, type SettingName, SETTINGS } from "./settings.js";

export type { Config, SettingName } from "./settings.js";

const PREFIX = "PALISADE_";

export type ConfigSource = "default" | "env" | "flag";

export interface LoadedConfig {
  readonly values: Config;
  readonly sources: Readonly<Record<SettingName, ConfigSource>>;
}

/** A setting that cannot be used: its message says which, why, and what is allowed. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "CONFIG_INVALID";
}

type Environment = Readonly<Record<string, string | undefined>>;

function names(): SettingName[] {
  return Object.keys(SETTINGS) as SettingName[];
}

/** A mistyped variable would silently leave its default in force. */
function refuseUnknown(env: Environment): void {
  const known: string[] = names().map((key) => SETTINGS[key].variable);
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith(PREFIX) || known.includes(variable)) continue;
    const near = closest(variable, known);
    const hint = near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "";
    throw new ConfigError(`${variable} is not a setting of Palisade. ${hint}`.trimEnd());
  }
}

/**
 * Reads all settings. Flags come first, then variables, then defaults. Throws `ConfigError` for an
 * unknown PALISADE_* variable or a value that is not allowed.
 */
export function loadConfig(
  env: Environment = process.env,
  flags: Readonly<Partial<Record<SettingName, string>>> = {},
): LoadedConfig {
  refuseUnknown(env);
  const values: Partial<Record<SettingName, unknown>> = {};
  const sources: Partial<Record<SettingName, ConfigSource>> = {};
  for (const key of names()) {
    const { variable, schema, fallback, unit, about } = SETTINGS[key];
    const flag = flags[key];
    const text = flag ?? env[variable] ?? fallback;
    sources[key] = flag !== undefined ? "flag" : env[variable] !== undefined ? "env" : "default";
    const parsed = schema.safeParse(text);
    if (!parsed.success) {
      const problem = parsed.error.issues.map((issue) => issue.message).join("; ");
      throw new ConfigError(
        `${variable} (${sources[key]}) is ${JSON.stringify(text)}: ${problem}. ${about} ` +
          `Unit: ${unit}; default: ${fallback}.`,
      );
    }
    values[key] = parsed.data;
  }
  return { values: values as Config, sources: sources as Record<SettingName, ConfigSource> };
}

const EXIT_MISCONFIGURED = 1;

/** The settings of a process of the exchange, which ends with the reason where one of them cannot be used. */
export function configOrExit(): Config {
  try {
    return loadConfig().values;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n`);
    return process.exit(EXIT_MISCONFIGURED);
  }
}

/** A setting as it may be shown: a password in a URL is nobody's business. */
export function withoutPasswords(value: string): string {
  return value.replace(/(:\/\/[^:@/]*):[^@/]*@/g, "$1:***@");
}

/** One line for each setting: its value, where it came from, its unit and what it is for. */
export function describeConfig(config: LoadedConfig): string {
  const rows = names().map((key) => {
    const { variable, unit, about } = SETTINGS[key];
    const value = withoutPasswords(String(config.values[key]));
    return [`${variable}=${value}`, `(${config.sources[key]})`, unit, about] as const;
  });
  const width = (column: 0 | 1 | 2) => Math.max(...rows.map((row) => row[column].length));
  return rows
    .map(([assignment, source, unit, about]) =>
      [assignment.padEnd(width(0)), source.padEnd(width(1)), unit.padEnd(width(2)), about].join(
        "  ",
      ),
    )
    .join("\n");
}
