/** What clients wait, and how much is done, against how much is offered: a page that needs no other file. */
import { html, type Markup } from "../../chaos/page/markup.js";
import { duration } from "../../chaos/page/scale.js";
import { table } from "../../chaos/page/tables.js";
import { benchPage } from "./bench-page.js";
import type { E2eReport } from "./e2e.js";
import { BROKEN_WORDS, charts, type Offer } from "./load-chart.js";
import type { PhaseReport } from "./phase.js";
import { brokenBy } from "./phase-verdict.js";

export function headline(sustained: number): string {
  const found =
    sustained > 0
      ? `${sustained.toLocaleString("en")} orders/s sustained`
      : "no rate was sustained";
  return `Latency and throughput against offered load: ${found}`;
}

/** `at`: when it was measured. */
export function loadPage(report: E2eReport, at: Date): string {
  const { sustainedOrdersPerSecond: sustained, ordersPerSecond } = report;
  const offers = offersOf(report);
  const title = headline(sustained);
  const said = `In a closed loop it did ${ordersPerSecond.toLocaleString("en")} orders a second.`;
  const body = html`${charts(offers, sustained)}<h2>Each rate that was offered</h2>${offersTable(offers)}`;
  return benchPage(report, { title, said, body }, at);
}

/** All open loops. Of a rate that was tried for the whole time its short step says less, so it is left out. */
export function offersOf({
  steps,
  attempts,
  atEighty,
  quiet,
}: Pick<E2eReport, "steps" | "attempts" | "atEighty" | "quiet">): Offer[] {
  const judged = (phase: PhaseReport) => ({ ...phase, brokenBy: brokenBy(phase) });
  const tried = new Set(attempts.map(({ offeredPerSecond }) => offeredPerSecond));
  const others = steps.filter(({ offeredPerSecond }) => !tried.has(offeredPerSecond));
  return [judged(quiet), ...(atEighty ? [judged(atEighty)] : []), ...attempts, ...others].toSorted(
    (a, b) => a.offeredPerSecond - b.offeredPerSecond,
  );
}

function offersTable(offers: readonly Offer[]): Markup {
  const rates = ["Offered, orders/s", "Reported, orders/s"];
  const waits = ["Accepted, p50", "99 % of all accepted in", "Filled, p50", "Filled, p99"];
  const columns = [...rates, ...waits].map((head) => ({ head, look: "number" as const }));
  return table(
    [...columns, { head: "For", look: "number" }, { head: "Outcome", look: "whole" }],
    offers.map((offer) => [
      offer.offeredPerSecond.toLocaleString("en"),
      Math.round(offer.ordersPerSecond).toLocaleString("en"),
      ...[offer.acceptMsP50, offer.accepted99PercentMs, offer.fillMsP50, offer.fillMsP99].map(
        (ms) => (ms === null ? "–" : duration(ms)),
      ),
      `${Math.round(offer.seconds)} s`,
      offer.brokenBy === null
        ? html`<strong class="kept">✓ held</strong>`
        : html`<strong class="broken">✗</strong> ${BROKEN_WORDS[offer.brokenBy]}`,
    ]),
  );
}
