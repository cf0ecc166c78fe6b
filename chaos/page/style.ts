/** How pages look: on a light and on a dark screen, on paper, and on a phone. */
export const STYLE = `
:root { color-scheme: light dark;
  --page: #fbfbf9; --card: #ffffff; --text: #1d1c1a; --soft: #5c5953; --line: #dcd9d2; --grid: #e6e3dc;
  --ok: #146c2e; --ok-tint: #e3f3e6; --bad: #b3201a; --bad-tint: #fde8e6; --warn: #7a4a00; --warn-tint: #fbefd6;
  --accent: #1a4fa3; --fault: #e9a7a2; --gap: #fbdfa2; --fill: #a14b00; --slowest: #8a8f98;
  --n1: #b9d3f5; --n2: #f7cfa5; --n3: #bfe3c3; --n4: #dcc8f0; --n0: #cfd6dc; }
@media (prefers-color-scheme: dark) { :root {
  --page: #15171b; --card: #1c1f24; --text: #eceae6; --soft: #b1ada5; --line: #3a3e45; --grid: #2c3037;
  --ok: #86d99a; --ok-tint: #17321e; --bad: #ff9a92; --bad-tint: #431a18; --warn: #f2c36b; --warn-tint: #3b2c10;
  --accent: #8fb8ff; --fault: #7c2d28; --gap: #54420f; --fill: #f2a765; --slowest: #7d838d;
  --n1: #274a78; --n2: #6b4012; --n3: #23532b; --n4: #4b3370; --n0: #3c444c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1064px; margin: 0 auto; padding: 28px 16px 56px; }
h1 { font-size: 26px; line-height: 1.28; margin: 10px 0 14px; max-width: 34em; text-wrap: balance; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 40px 0 6px; }
h3 { font-size: 16px; margin: 26px 0 2px; }
p { margin: 6px 0; max-width: 46em; overflow-wrap: anywhere; }
a { color: var(--accent); }
.soft, figcaption, .when { color: var(--soft); }
.when { font-size: 14px; margin: 0; }
.badge { display: inline-block; font-weight: 650; font-size: 14px; padding: 3px 12px; border-radius: 99px; }
.kept { color: var(--ok); } .broken { color: var(--bad); } .beyond { color: var(--warn); }
.badge.kept { background: var(--ok-tint); } .badge.broken { background: var(--bad-tint); } .badge.beyond { background: var(--warn-tint); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 14px 0 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
table { border-collapse: collapse; width: 100%; font-size: 15px; margin-top: 10px; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; }
th, td { padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
td.whole, td:first-child { overflow-wrap: anywhere; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td:first-child { min-width: 6.2em; } td.strips { min-width: 180px; }
figure { margin: 10px 0 18px; }
figcaption { font-size: 13.5px; margin-top: 6px; max-width: 62em; }
svg { display: block; width: 100%; height: auto; font-family: system-ui, sans-serif; overflow: visible; }
svg.narrow { display: none; max-width: 560px; }
svg text { fill: var(--text); } svg text.soft { fill: var(--soft); } svg text.label { paint-order: stroke; stroke: var(--page); stroke-width: 4px; }
svg .grid { stroke: var(--grid); } svg rect.gap { fill: var(--gap); opacity: .75; } svg rect.fault { fill: var(--fault); }
svg .mark { stroke: var(--soft); stroke-dasharray: 3 3; } svg .mark.struck { stroke: var(--bad); stroke-dasharray: none; }
svg .mark.resumed { stroke: var(--ok); stroke-dasharray: none; }
svg circle.ok, svg rect.ok { fill: var(--ok); } svg path.bad { stroke: var(--bad); stroke-width: 2; fill: none; } svg rect.bad { fill: var(--bad); }
svg .line { fill: none; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
svg .line.median { stroke: var(--accent); } svg .line.fill { stroke: var(--fill); } svg .line.slowest { stroke: var(--slowest); stroke-width: 1.25; } svg .line.most { stroke: var(--bad); }
svg circle.point { stroke-width: 1.75; } svg circle.point.median { stroke: var(--accent); fill: var(--accent); } svg circle.point.fill { stroke: var(--fill); fill: var(--fill); }
svg circle.point.slowest { stroke: var(--slowest); fill: var(--slowest); } svg circle.point.most { stroke: var(--bad); fill: var(--bad); } svg circle.point.hollow { fill: var(--page); }
svg rect.answered { fill: var(--accent); opacity: .55; } svg rect.unanswered { fill: var(--bad); }
svg .node0 { fill: var(--n0); } svg .node1 { fill: var(--n1); } svg .node2 { fill: var(--n2); } svg .node3 { fill: var(--n3); } svg .node4 { fill: var(--n4); }
.swatch { display: inline-block; width: 18px; height: 10px; border-radius: 2px; margin-right: 2px; }
.swatch.gap { background: var(--gap); } .swatch.median { background: var(--accent); } .swatch.slowest { background: var(--slowest); }
.swatch.fill { background: var(--fill); } .swatch.answered { background: var(--accent); opacity: .55; } .swatch.unanswered, .swatch.most { background: var(--bad); }
.dot { display: inline-block; width: 8px; height: 8px; border-radius: 9px; background: var(--ok); } .cross { color: var(--bad); font-weight: 700; }
svg.strip { height: 16px; overflow: hidden; }
details { margin: 8px 0; } summary { cursor: pointer; color: var(--accent); }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 10px 14px; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 14px; }
@media screen and (max-width: 760px) {
  main { padding-top: 18px; } h1 { font-size: 21px; } svg.wide { display: none; } svg.narrow { display: block; }
  dl { grid-template-columns: 1fr; } dt { margin-top: 6px; font-size: 14px; }
  table.stacked thead { display: none; } table.stacked tr { border-bottom: 1px solid var(--line); padding: 8px 0; }
  table.stacked tr { display: grid; grid-template-columns: 1fr 1fr; column-gap: 14px; }
  table.stacked td { border: 0; padding: 2px 0; text-align: left; white-space: normal; min-width: 0; }
  table.stacked td:first-child { font-weight: 600; } table.stacked td:first-child, table.stacked td.whole { grid-column: 1 / -1; }
  table.stacked td:not(:first-child):not(.strips)::before { content: attr(data-head); display: block; color: var(--soft); font-size: 12.5px; } }
@media print { body { font-size: 12px; } main { max-width: none; padding: 0; } figure, tr { break-inside: avoid; } h2, h3 { break-after: avoid; } }
`;
