/** Whole numbers of the smallest unit as decimal text. */

/** `formatDecimal(58050, 2)` is "580.50". */
export function formatDecimal(units: number | bigint, decimals: number): string {
  if (decimals === 0) return String(units);
  const sign = units < 0 ? "-" : "";
  const digits = String(units)
    .replace("-", "")
    .padStart(decimals + 1, "0");
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
