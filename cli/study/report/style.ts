/** The page's looks: paper-white, readable on a phone, and on paper. */
import { progressUnits } from '../../../shared/study/curves.js';

/** Shows the figures of the chosen way to count progress; without a script, so that the page is inert. */
const switching = progressUnits
  .map(
    (unit) =>
      `#x-${unit}:checked~.figures .by-${unit}{display:block}#x-${unit}:checked~.switch label[for=x-${unit}]{background:#1f2933;color:#fff;border-color:#1f2933}`,
  )
  .join('\n');

export const style = `
:root{color-scheme:light;--ink:#1f2933;--soft:#52606d;--rule:#d8dee4}
*{box-sizing:border-box}
body{margin:0;background:#fff;color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1160px;margin:0 auto;padding:28px 20px 48px}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem}
p{margin:.5rem 0}
.question{font-size:1.1rem;color:var(--soft);max-width:52rem}
.conclusion{max-width:56rem;border-left:4px solid #0072b2;padding:.2rem 0 .2rem 1rem;margin:1.2rem 0}
.caption,.notes{color:var(--soft);font-size:.9rem;max-width:60rem}
.notes li{margin:.25rem 0}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.86em}
.x{position:absolute;opacity:0;pointer-events:none}
.switch{display:flex;flex-wrap:wrap;gap:6px;align-items:center;margin:.4rem 0 .8rem;font-size:.9rem}
.switch label{border:1px solid #9aa5b1;border-radius:4px;padding:2px 10px;cursor:pointer}
.x:focus-visible~.switch{outline:2px solid #0072b2;outline-offset:3px}
.legend{display:flex;flex-wrap:wrap;gap:4px 22px;list-style:none;margin:0 0 .4rem;padding:0}
.swatch{width:26px;height:8px;margin-right:8px;vertical-align:middle}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,320px),1fr));gap:10px 18px}
.by{display:none}
figure{margin:0;break-inside:avoid;max-width:560px}
figure svg{display:block;width:100%;height:auto;font:11.5px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--soft)}
.title{font-size:13px;font-weight:600;fill:var(--ink)}
.hint{font-size:11px;font-weight:400;fill:var(--soft)}
.grid{stroke:#e9edf1}.tick,.axis{stroke:#7b8794}
.line{fill:none;stroke-width:1.9;stroke-linejoin:round}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:3px 12px;text-align:right;white-space:nowrap}
th:first-child,td:first-child,.text,tr.measure th{text-align:left}
td.text{white-space:normal}
thead th{border-bottom:1.5px solid var(--ink);font-weight:600;vertical-align:bottom}
tr.measure th{padding-top:10px;font-weight:600}
tbody td{border-bottom:1px solid #eef1f4}
.result th,.result td{padding:3px 9px}.result td:first-child{padding-left:18px}
.picture{text-align:center}th.picture{white-space:normal;width:150px}.whisker{width:140px;height:16px;vertical-align:middle}
${switching}
@media print{body{font-size:10.5pt}main{max-width:none;padding:0}.switch{display:none}.charts{grid-template-columns:repeat(3,1fr)}
h2{break-after:avoid}tbody{break-inside:avoid}table{font-size:7.5pt}.result th,.result td{padding:1px 5px}th.picture{width:auto}.whisker{width:88px;height:10px}.scroll{overflow:visible}}
`;
