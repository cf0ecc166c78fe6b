/** What commands print: results on stdout, everything else on stderr; and how they end. */

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A table with aligned columns; the first row is its head. `none`: what is said instead where nothing is below it. */
export function printTable(
  rows: readonly (readonly (string | number)[])[],
  none: string | null = null,
): void {
  if (none !== null && rows.length === 1) return void process.stdout.write(`${none}\n`);
  const text = rows.map((row) => row.map(String));
  const widths = (text[0] ?? []).map((_, at) => Math.max(...text.map((row) => row[at]!.length)));
  for (const row of text) {
    process.stdout.write(
      `${row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join("  ")
        .trimEnd()}\n`,
    );
  }
}

/** Ends the process when what was written to a pipe has gone its way. */
export function exit(code: number): void {
  process.stdout.write("", () => process.exit(code));
}
