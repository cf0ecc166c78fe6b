/** The codes that commands end with, and what each means. */

/** Something was broken or failed: of what judges (`sim`, `drill`, `game-day`) it is a verdict. */
export const EXIT_FAILED = 1;
/** Of `sim` and `drill`: a safety was taken away and nobody noticed. */
export const EXIT_BLIND = 2;
/** Of other commands: no command takes such a word; of `bench` and `sizing` whatever is wrong with what they were asked for. */
export const EXIT_USAGE = 2;
/**
 * Of commands whose 1 and 2 are what they found, as sysexits has them (EX_USAGE, EX_SOFTWARE): nothing was run, and it broke
 * off without an answer.
 */
export const EXIT_REFUSED = 64;
export const EXIT_BROKE_OFF = 70;
/** As shells have it of what SIGINT ends. */
export const EXIT_INTERRUPTED = 130;

export const DRILL_CODES = `
Exit codes: 0 nothing is wrong; ${EXIT_FAILED} something is, or is left to take back by hand;
with --without: the drill has noticed; with --dry-run: it would be refused; ${EXIT_BLIND} with --without: it has
noticed nothing; ${EXIT_REFUSED} nothing was struck, or with --dry-run: nothing can be planned: the message says what is
wrong, with the request or with the exchange; ${EXIT_BROKE_OFF} with --without: it broke off without an
answer; ${EXIT_INTERRUPTED} it was interrupted.`;
export const GAME_DAY_CODES = `
Exit codes: 0 nothing is wrong; ${EXIT_FAILED} something is, or is left to take back by hand; with --dry-run: a step
would be refused; ${EXIT_REFUSED} nothing was struck, or with --dry-run: nothing can be planned: the message says what is
wrong, with the file, the request or the exchange; ${EXIT_INTERRUPTED} it was interrupted.`;
export const VERIFY_CODES = `
Exit codes: 0 the evidence says what the report says, and nothing is wrong; ${EXIT_FAILED} something is, or the evidence is not what was
written or not what the report says; ${EXIT_REFUSED} there is nothing to judge: the message says why.`;
export const SIM_CODES = `
Exit codes: 0 no rule is broken; ${EXIT_FAILED} one is (with --without: what is missing was noticed); ${EXIT_BLIND} with --without: nothing was
noticed; ${EXIT_REFUSED} nothing was run, as what is asked for is wrong; ${EXIT_BROKE_OFF} it broke off without an answer; ${EXIT_INTERRUPTED} it was
interrupted before it found anything.`;
export const BENCH_CODES = `
Exit codes: 0 nothing failed, and where there is an audit it is ok; ${EXIT_FAILED} something did, or it could not be run to its end;
${EXIT_USAGE} nothing was run, as what is asked for is wrong: the message says what is allowed; ${EXIT_INTERRUPTED} it was interrupted, and what it had
started is ended.`;
export const SIZING_CODES = `
Exit codes: 0 it was computed; ${EXIT_USAGE} it was not, as what is asked for is wrong or missing: the message says what is
allowed.`;
