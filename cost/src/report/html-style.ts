/** What of the page is its own. `c1` to `c8` are the colours of the charts. */
export const STYLE = `
:root{--c1:#0b62b8;--c2:#b5470b;--c3:#107a43;--c4:#8a2fb0;--c5:#a8192e;--c6:#0a7480;--c7:#8a6a00;--c8:#5b4bd6}
@media(prefers-color-scheme:dark){:root{--c1:#6db3ff;--c2:#ff9d61;--c3:#56cf8d;--c4:#d39bf0;--c5:#ff8a93;--c6:#52cfdc;--c7:#e0bf4a;--c8:#a79cff}}
p{margin:.5rem 0}.soft,.none{color:var(--soft)}
.answer{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.1rem;margin:0 0 1rem}
dl.answer{display:flex;flex-wrap:wrap;gap:.8rem 2.5rem}.answer div:first-child{flex-basis:100%}
.answer dt{color:var(--soft)}.answer dd{margin:0;font-size:1.25rem;font-weight:650;overflow-wrap:anywhere}
figure>svg{display:block;width:100%;height:auto}
figure>svg.narrow{display:none}
.legend{list-style:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:.3rem 1.2rem;margin:.6rem 0;padding:0}
.legend li{display:flex;gap:.5rem;align-items:flex-start}.legend svg{flex:none;margin-top:.2rem}.legend span{overflow-wrap:anywhere;min-width:0}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}textarea{width:100%;font:.8rem/1.4 ui-monospace,monospace;background:var(--page);color:var(--text);border:1px solid var(--line)}
button{font:inherit;padding:.4rem .9rem;border:1px solid var(--accent);border-radius:.4rem;background:var(--card);color:var(--accent);cursor:pointer}
.frontier{margin:.5rem 0;padding-left:1.6rem}
.scroll{max-height:44rem}
caption{text-align:left;color:var(--soft);padding-bottom:.4rem}caption span{position:sticky;left:0;display:inline-block;max-width:80vw}
th,td{vertical-align:top}
th:first-child,td:last-child,th[scope=col]:last-child{text-align:left}
thead th{position:sticky;top:0;background:var(--card);vertical-align:bottom}
tbody th{font-weight:600;min-width:9.5rem}
td{min-width:6.5rem}td:last-child{min-width:20rem;font-size:.87rem}td ul{margin:0;padding-left:1rem}
small{display:block;font-weight:400;font-size:.78rem;color:var(--soft)}
.measured{text-decoration:underline}.list-price{text-decoration:underline dotted}
@media(max-width:640px){.answer{padding:.8rem .7rem}figure>svg.wide{display:none}figure>svg.narrow{display:block}td:last-child{min-width:15rem}}
@media print{.scroll{max-height:none;overflow:visible}}
`;
