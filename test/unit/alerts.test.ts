/** The alert rules, against what the processes export and what the runbook says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Registry } from "prom-client";
import { describe, expect, it, vi } from "vitest";
import { collectProcessMetrics, registry } from "../../services/common/metrics.js";
import { QUEUES, type Queue } from "../../services/common/queues.js";
// Each process has its own metrics; here all are in one registry.
import "../../services/feed/metrics.js";
import "../../services/gateway/metrics.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

const SECTION = "## Alerts";
const ACTOR = "market.X";
/** What Prometheus adds to whatever it scrapes, and what a histogram's buckets are told apart by. */
const LABELS_OF_PROMETHEUS = ["instance", "le"];
/** What it says itself of each process that it is to scrape. */
const OF_PROMETHEUS: Metric = { name: "up", type: "gauge", labelNames: ["job", "instance"] };

/** Queues that the runbook names all together. */
const STREAMS = /-streams-|warning-streams/;

/** What rises is judged by how much it rose. */
const RISES = /\b(?:increase|rate)\((\w+)(?:\{([^}]*)\})?\[/g;

interface Rule {
  readonly name: string;
  readonly expr: string;
  readonly text: string;
}

type Labels = Readonly<Record<string, string | number | undefined>>;

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

const read = (...path: string[]) => readFileSync(join(PROJECT_ROOT, ...path), "utf8");

function rules(): Rule[] {
  const [, ...parts] = read("deploy", "prometheus", "alerts.yaml").split(/^ {6}- alert: /m);
  return parts.map((text) => {
    const expr = /^ {8}expr: (?:>-\n)?([\s\S]*?)\n {8}[a-z]/m.exec(text)![1]!;
    return { name: text.split("\n", 1)[0]!, expr: expr.replace(/\s+/g, " ").trim(), text };
  });
}

collectProcessMetrics();
// The library's types leave the label names out.
const exported = [...(registry.getMetricsAsArray() as unknown as Metric[]), OF_PROMETHEUS];

/** The metric of a name as it stands in an expression; a histogram has three. */
function metricOf(name: string): Metric | undefined {
  const base = name.replace(/_(bucket|sum|count)$/, "");
  return (
    exported.find((metric) => metric.name === name) ??
    exported.find((metric) => metric.name === base && metric.type === "histogram")
  );
}

/** What a gateway and a node with one actor have counted that nothing has happened to. */
async function countNothing(): Promise<Registry> {
  vi.resetModules();
  const common = await import("../../services/common/metrics.js");
  await import("../../services/gateway/metrics.js");
  const { MetricsObserver } = await import("../../services/node/observer.js");
  const states = () => ({ [ACTOR]: "idle" }) as const;
  const away = () => ({ nats: false, etcd: false, postgres: false });
  new MetricsObserver().measure({ states, backlogs: () => ({}), standbys: () => ({}), away });
  return common.registry;
}

const untouched = await countNothing();

describe("alerts", () => {
  it("are rules that say when, how urgent and what", () => {
    expect(rules().length).toBeGreaterThan(10);
    expect(new Set(rules().map(({ name }) => name)).size).toBe(rules().length);
    for (const { name, text } of rules()) {
      expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(text).toMatch(/^ {8}labels: \{ severity: (page|look) \}$/m);
      expect(text).toMatch(/^ {10}summary: ".+"$/m);
    }
  });

  it.each(rules().map((rule) => [rule.name, rule] as const))(
    "%s uses metrics that are exported, by labels that they have",
    (_, { expr, text }) => {
      const names = expr.match(/\b(?:(?:exchange|palisade|nodejs|process)_\w+|up\b)/g) ?? [];
      expect(names).not.toEqual([]);
      const metrics = names.map((name) => {
        const metric = metricOf(name);
        expect(metric, name).toBeDefined();
        return metric!;
      });
      for (const [, name, label] of expr.matchAll(/(\w+)\{(\w+)!?[=~]/g)) {
        expect(metricOf(name!)!.labelNames).toContain(label);
      }
      const known = [...metrics.flatMap(({ labelNames }) => labelNames), ...LABELS_OF_PROMETHEUS];
      const grouped = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, by]) =>
        by!.split(/, ?/),
      );
      for (const label of grouped) expect(known).toContain(label);
      for (const [, label] of text.matchAll(/\$labels\.(\w+)/g)) expect(grouped).toContain(label);
      expect(expr.split("(").length).toBe(expr.split(")").length);
    },
  );

  const rising = rules().flatMap(({ name, expr }) =>
    [...expr.matchAll(RISES)].map(([, metric, labels = ""]) => ({ name, metric, labels })),
  );

  it.each(rising)("$name finds a sample of $metric before its first event", async (rule) => {
    const { name, labelNames } = metricOf(rule.metric!)!;
    const { values } = await untouched.getSingleMetric(name)!.get();
    const samples: Labels[] = values.map(({ labels }) => labels);
    expect(new Set(values.map(({ value }) => value))).toEqual(new Set([0]));
    if (labelNames.includes("actor")) expect(samples).toEqual([{ actor: ACTOR }]);
    for (const [, label, wanted] of rule.labels.matchAll(/(\w+)=~?"([^"]*)"/g)) {
      const found = samples.map((labels) => labels[label!]);
      for (const value of wanted!.split("|")) expect(found).toContain(value);
    }
  });

  it.each(rising)(
    "$name judges $metric actor by actor, if it is counted so",
    ({ name, metric }) => {
      if (!metricOf(metric!)!.labelNames.includes("actor")) return;
      const { expr } = rules().find((rule) => rule.name === name)!;
      // What happens to all actors of a node at once is no more of a sign than for one.
      const by = [...expr.matchAll(/\bby \(([^)]*)\)/g)].map(([, labels]) => labels!.split(/, ?/));
      for (const labels of by) expect(labels).toContain("actor");
      expect(by).not.toEqual([]);
    },
  );

  it("say of queues that are nearly full, but for those that may be for long", () => {
    const { expr } = rules().find(({ name }) => name === "QueueNearLimit")!;
    const [, left] =
      /palisade_queue_length\{queue!~"([^"]*)"\} \/ palisade_queue_limit \) > 0\.8$/.exec(expr)!;
    const table = Object.entries<Queue>(QUEUES);
    const atTimes = table.filter(([, { isFullAtTimes }]) => isFullAtTimes).map(([name]) => name);
    expect(left!.split("|").toSorted()).toEqual(atTimes.toSorted());
    const runbook = read("deploy", "RUNBOOK.md")
      .split("### QueueNearLimit\n")[1]!
      .split("\n### ")[0]!;
    const others = table.map(([name]) => name).filter((name) => !STREAMS.test(name));
    for (const name of others) expect(runbook).toContain(`\`${name}\``);
    const rows = [...runbook.matchAll(/^- (`.*?):/gm)].map(([, names]) => names!);
    const explained = rows.flatMap((names) => [...names.matchAll(/`([^`]+)`/g)].map(([, q]) => q!));
    const silent = new Set<string>(atTimes);
    expect(explained.toSorted()).toEqual(others.filter((name) => !silent.has(name)).toSorted());
  });

  it("name the jobs that are scraped, of which each is missed when nothing of it is there", () => {
    const scraped = read("deploy", "prometheus", "prometheus.yaml");
    const jobs = [...scraped.matchAll(/job_name: (\w+)/g)].map(([, job]) => job!);
    const all = rules().flatMap(({ expr }) => [...expr.matchAll(/job=~"([^"]*)"/g)]);
    expect(all.length).toBeGreaterThan(0);
    for (const [, named] of all) expect(named).toBe(jobs.join("|"));
    const { expr } = rules().find(({ name }) => name === "NobodyAnswers")!;
    for (const job of jobs) expect(expr).toContain(`absent(up{job="${job}"})`);
  });

  it("each have their section in the runbook, and no section is of an alert that there is not", () => {
    const runbook = read("deploy", "RUNBOOK.md");
    const section = runbook.slice(runbook.indexOf(SECTION)).split(/^## (?!Alerts)/m)[0]!;
    const titles = [...section.matchAll(/^### (\w+)$/gm)].map(([, title]) => title!);
    expect(titles.toSorted()).toEqual(
      rules()
        .map(({ name }) => name)
        .toSorted(),
    );
    for (const part of section.split(/^### \w+$/m).slice(1)) {
      expect(part.trim().length).toBeGreaterThan(80);
    }
  });
});
