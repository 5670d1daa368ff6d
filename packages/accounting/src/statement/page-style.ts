/**
 * The style sheet of statement pages: for screens, phones, the dark, and paper.
 * @module
 */

/** CSS, to stand in a `style` element. */
export const STATEMENT_STYLE: string = `
:root {
  color-scheme: light dark;
  --ink: #1b2430; --soft: #5b6878; --line: #dde4ec; --paper: #fff; --shade: #f4f7fa;
  --bar: #2f6fb5; --back: #b4552f; --mark: #8a5a00; --marked: #fdf3dc; --good: #17663a;
  --fine: #e2f4e8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6ebf2; --soft: #93a1b3; --line: #2a3441; --paper: #11161d; --shade: #19202a;
    --bar: #6ea8e8; --back: #e0936f; --mark: #f0c674; --marked: #33290f; --good: #7fd6a0;
    --fine: #12301f;
  }
}
* { box-sizing: border-box }
body {
  margin: 0 auto; max-width: 60rem; padding: 2rem 1.5rem 3rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
header { border-bottom: 1px solid var(--line); padding-bottom: 1.25rem }
.kind { margin: 0; color: var(--soft); font-size: .9375rem }
.status {
  margin-left: .5rem; padding: .1rem .6rem; border-radius: 1rem; font-size: .8125rem;
  font-weight: 600;
}
.draft { color: var(--mark); background: var(--marked) }
.final { color: var(--good); background: var(--fine) }
h1 { margin: .1rem 0 1rem; font-size: 1.9rem; line-height: 1.2; font-weight: 650 }
h2 { margin: 2.25rem 0 .6rem; font-size: 1.0625rem; font-weight: 600 }
p { margin: .5rem 0; color: var(--soft); font-size: .875rem; max-width: 46rem }
dl { margin: 0 }
.facts div { display: flex; gap: .75rem; font-size: .875rem; padding: .1rem 0 }
.facts dt { flex: 0 0 6.5rem; color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
.figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem;
  margin-top: 1.5rem;
}
.figure { padding: .85rem 1rem; background: var(--shade); border-radius: .6rem }
.figure dt { color: var(--soft); font-size: .8125rem }
.figure dd { font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums }
.figure small { display: block; color: var(--soft); font-size: .8125rem; font-weight: 400 }
.scroll { overflow-x: auto }
table { width: 100%; border-collapse: collapse; font-size: .875rem }
th, td { padding: .45rem .6rem; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: baseline; font-variant-numeric: tabular-nums }
th { color: var(--soft); font-weight: 500; white-space: nowrap }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
th:last-child, td:last-child { padding-right: 0 }
td + td { white-space: nowrap }
td.name { overflow-wrap: anywhere; min-width: 9rem; white-space: normal }
td small { display: block; color: var(--soft); font-size: .8125rem }
tr.plan td { padding-top: 1rem; font-weight: 600; border-bottom-color: var(--soft) }
tr.sum td { font-weight: 600; border-bottom: 0 }
tfoot td { border-top: 1px solid var(--soft) }
tfoot tr:last-child td { font-size: 1rem; font-weight: 650 }
code { font: .8125rem/1.5 ui-monospace, Menlo, monospace; overflow-wrap: anywhere }
summary { cursor: pointer; font-size: .9375rem; padding: .4rem 0 }
svg { display: block; width: 100%; height: auto; margin-top: .5rem }
svg rect { fill: var(--bar) }
svg rect.below { fill: var(--back) }
svg text { fill: var(--soft); font-size: 10px }
svg line { stroke: var(--line) }
@media (max-width: 40rem) {
  body { padding: 1.25rem 1rem 2rem }
  h1 { font-size: 1.6rem }
  .facts div { display: block; padding: .25rem 0 }
  .figures { grid-template-columns: 1fr 1fr }
  .figure { padding: .7rem .8rem }
  .figure dd { font-size: 1.1rem }
  th, td { padding: .45rem .35rem }
  .wide { display: none }
}
@media print {
  :root {
    color-scheme: light;
    --ink: #000; --soft: #444; --line: #ccc; --paper: #fff; --shade: #fff; --bar: #444;
    --back: #999; --mark: #000; --marked: #fff; --good: #000; --fine: #fff;
  }
  @page { margin: 18mm 15mm }
  body { max-width: none; padding: 0; font-size: 10.5pt }
  .figures { grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)) }
  .figure { border: 1px solid var(--line) }
  .figure dd { font-size: 1.1rem }
  .status { border: 1px solid var(--soft) }
  .scroll { overflow: visible }
  tr, .figure, svg { break-inside: avoid }
  h2 { break-after: avoid }
  thead { display: table-header-group }
  details:not([open]) { display: none }
}
`.trim()
