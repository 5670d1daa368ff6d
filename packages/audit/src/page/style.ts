/**
 * The style sheet of self-checking statements: for screens, phones, the dark, and paper.
 * @module
 */

/** CSS, to stand in a `style` element. */
export const PAGE_STYLE: string = `
:root {
  color-scheme: light dark;
  --ink: #1b2430; --soft: #5b6878; --line: #dde4ec; --paper: #fff; --shade: #f4f7fa;
  --good: #17663a; --fine: #e2f4e8; --bad: #a3281c; --alarm: #fde8e4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6ebf2; --soft: #93a1b3; --line: #2a3441; --paper: #11161d; --shade: #19202a;
    --good: #7fd6a0; --fine: #12301f; --bad: #ff9b8c; --alarm: #3a1713;
  }
}
* { box-sizing: border-box }
body {
  margin: 0 auto; max-width: 60rem; padding: 1.5rem 1.5rem 3rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
p { margin: .5rem 0; color: var(--soft); font-size: .875rem; max-width: 46rem }
.verdict { padding: 1rem 1.25rem; border-radius: .6rem; background: var(--shade) }
.verdict p { margin: .25rem 0 0; color: inherit }
.verdict .stamp { margin: 0; font-size: 1.35rem; font-weight: 650; line-height: 1.3 }
.stamp span { display: inline-block; width: 1.75rem }
.verdict.good { color: var(--good); background: var(--fine) }
.verdict.bad { color: var(--bad); background: var(--alarm) }
summary { cursor: pointer; font-size: .9375rem; padding: .6rem 0; color: var(--soft) }
.checks { list-style: none; margin: 0; padding: 0 }
.checks li { padding: .4rem 0 .4rem 1.75rem; position: relative; font-size: .875rem }
.checks li::before { position: absolute; left: 0; font-weight: 650 }
.checks .good::before { content: "✓"; color: var(--good) }
.checks .bad::before { content: "✕"; color: var(--bad) }
.checks b { display: block; font-weight: 600 }
.checks span { color: var(--soft) }
.finding { color: var(--bad); overflow-wrap: anywhere }
.finding b { display: inline }
main { border-top: 1px solid var(--line); margin-top: 1rem; padding-top: 1.25rem }
.kind { margin: 0; font-size: .9375rem }
.status {
  margin-left: .5rem; padding: .1rem .6rem; border-radius: 1rem; font-size: .8125rem;
  font-weight: 600; background: var(--shade);
}
h1 { margin: .1rem 0 1rem; font-size: 1.9rem; line-height: 1.2; font-weight: 650 }
h2 { margin: 2.25rem 0 .6rem; font-size: 1.0625rem; font-weight: 600 }
dl { margin: 0 }
.facts div { display: flex; gap: .75rem; font-size: .875rem; padding: .1rem 0 }
.facts dt { flex: 0 0 6.5rem; color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
.figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem;
  margin-top: 1.5rem;
}
.figures div { padding: .85rem 1rem; background: var(--shade); border-radius: .6rem }
.figures dt { color: var(--soft); font-size: .8125rem }
.figures dd { font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums }
.figures small { display: block; color: var(--soft); font-size: .8125rem; font-weight: 400 }
.scroll { overflow-x: auto }
table { width: 100%; border-collapse: collapse; font-size: .875rem }
th, td {
  padding: .45rem .6rem; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: baseline; font-variant-numeric: tabular-nums;
}
th { color: var(--soft); font-weight: 500; white-space: nowrap }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
th:last-child, td:last-child { padding-right: 0 }
td + td { white-space: nowrap }
td.name { overflow-wrap: anywhere; min-width: 8rem; text-align: left }
td small { display: block; color: var(--soft); font-size: .8125rem; font-weight: 400 }
tr.plan td { padding-top: 1rem; font-weight: 600 }
tfoot td { font-weight: 600; border-bottom: 0 }
code { font: .8125rem/1.5 ui-monospace, Menlo, monospace; overflow-wrap: anywhere }
@media (max-width: 34rem) {
  body { padding: 1rem 1rem 2rem }
  .wide { display: none }
  .figures { grid-template-columns: 1fr 1fr }
  .figures div { padding: .7rem .75rem }
  .figures dd { font-size: 1.125rem }
  .facts div { display: block; padding: .25rem 0 }
}
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --paper: #fff; --shade: #f4f4f4 }
  body { max-width: none; padding: 0; font-size: 11pt }
  tr { break-inside: avoid }
}
`
