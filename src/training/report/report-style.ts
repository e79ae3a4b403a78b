/** The look of `report.html`: one column, light and dark by the reader's setting, no script, nothing from outside. */

export const reportStyle: string = `
:root { color-scheme: light dark; --paper: #fcfcfa; --ink: #1d2328; --soft: #5d6870; --rule: #dfe3e4; --card: #fff;
  --good: #1a7f4b; --bad: #b3261e; --c0: #2a6fb8; --c1: #c2571a; --c2: #2b8a57; --c3: #8a4fae; --c4: #8a6d1f; --faint: #aeb8bd; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181b; --ink: #e4e8ea; --soft: #9aa6ad; --rule: #2d3439; --card: #1a1f23;
    --good: #63c893; --bad: #f2877f; --c0: #6aaef0; --c1: #f0935a; --c2: #6fcf9b; --c3: #c796e8; --c4: #d9bb62; --faint: #55616a; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, sans-serif }
main { max-width: 1040px; margin: 0 auto; padding: 32px 24px 64px }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px }
h2 { font-size: 18px; margin: 44px 0 8px; padding-top: 14px; border-top: 1px solid var(--rule) }
h3 { font-size: 15px; margin: 0 0 4px }
p, li { max-width: 78ch }
.soft, figcaption, caption { color: var(--soft); font-size: 13px }
code { font: 12.5px ui-monospace, monospace; overflow-wrap: anywhere }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 12px; margin: 20px 0 }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px 14px }
.tile b { display: block; font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3 }
.scroll { overflow-x: auto; margin: 12px 0 }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 13px }
caption { text-align: left; padding: 0 0 6px; caption-side: top }
th, td { text-align: right; padding: 5px 8px; border-bottom: 1px solid var(--rule); white-space: nowrap; vertical-align: top }
th:first-child, td:first-child { text-align: left; padding-left: 0; white-space: normal; min-width: 150px }
th { white-space: normal; vertical-align: bottom; font-weight: 600; color: var(--soft) }
tr.chosen td { font-weight: 600 }
td.words { text-align: left; white-space: normal }
.passed { color: var(--good); font-weight: 600 } .failed { color: var(--bad); font-weight: 600 } .skipped { color: var(--soft) }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(400px, 1fr)); gap: 20px; margin: 16px 0 }
figure { margin: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 14px }
figure.wide { grid-column: 1 / -1 }
svg { display: block; width: 100%; height: auto }
svg text { fill: var(--soft); font: 11.5px system-ui, sans-serif } svg .label { fill: var(--ink) }
.grid { stroke: var(--rule); fill: none } .line { fill: none } .bar { opacity: .75 }
.c0 { stroke: var(--c0) } .c1 { stroke: var(--c1) } .c2 { stroke: var(--c2) } .c3 { stroke: var(--c3) } .c4 { stroke: var(--c4) } .faint { stroke: var(--faint) }
.dot.c0, .bar.c0 { fill: var(--c0) } .dot.c1, .bar.c1 { fill: var(--c1) } .dot.c2, .bar.c2 { fill: var(--c2) } .dot.c3, .bar.c3 { fill: var(--c3) } .dot.c4, .bar.c4 { fill: var(--c4) } .dot.faint, .bar.faint { fill: var(--faint) }
.bar { stroke: none }
@media (max-width: 520px) { .plots { grid-template-columns: 1fr } main { padding: 20px 14px } }
@media print { body { background: #fff } figure, tr { break-inside: avoid } }
`;
