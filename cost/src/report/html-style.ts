/** Colours, with others in dark mode, and the layout from a phone's width on. `c1` to `c8` are those of the charts. */
export const STYLE = `
:root{color-scheme:light dark;--text:#1c2330;--soft:#5b6472;--line:#d9dee6;--page:#f5f6f8;--card:#fff;--accent:#0b57a4;
--c1:#0b62b8;--c2:#b5470b;--c3:#107a43;--c4:#8a2fb0;--c5:#a8192e;--c6:#0a7480;--c7:#8a6a00;--c8:#5b4bd6}
@media(prefers-color-scheme:dark){:root{--text:#e6e9ef;--soft:#a2acba;--line:#313947;--page:#12161d;--card:#1a202a;--accent:#7db8f5;
--c1:#6db3ff;--c2:#ff9d61;--c3:#56cf8d;--c4:#d39bf0;--c5:#ff8a93;--c6:#52cfdc;--c7:#e0bf4a;--c8:#a79cff}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;margin:0;background:var(--page);color:var(--text)}
main{max-width:78rem;margin:0 auto;padding:1.2rem 1rem 3rem}
h1{font-size:1.7rem;line-height:1.2;margin:.4rem 0 .8rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:0 0 .7rem}h3{font-size:1rem;margin:1rem 0 .3rem}
p{margin:.5rem 0}.soft{color:var(--soft)}.none{color:var(--soft)}
section,.answer{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.1rem;margin:0 0 1rem}
dl.answer{display:flex;flex-wrap:wrap;gap:.8rem 2.5rem}
.answer dt{color:var(--soft)}.answer dd{margin:0;font-size:1.25rem;font-weight:650;overflow-wrap:anywhere}
figure{margin:0}figure>svg{display:block;width:100%;height:auto}
figure>svg.narrow{display:none}
.legend{list-style:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:.3rem 1.2rem;margin:.6rem 0;padding:0}
.legend li{display:flex;gap:.5rem;align-items:flex-start}.legend svg{flex:none;margin-top:.2rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}textarea{width:100%;font:.8rem/1.4 ui-monospace,monospace;background:var(--page);color:var(--text);border:1px solid var(--line)}
button{font:inherit;padding:.4rem .9rem;border:1px solid var(--accent);border-radius:.4rem;background:var(--card);color:var(--accent);cursor:pointer}
a{color:var(--accent)}.legend span{overflow-wrap:anywhere;min-width:0}
.frontier{margin:.5rem 0;padding-left:1.6rem}
.scroll{overflow:auto;max-height:44rem}.scroll:focus-visible{outline:2px solid var(--accent)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding-bottom:.4rem}caption span{position:sticky;left:0;display:inline-block;max-width:80vw}
th,td{padding:.45rem .7rem;border-bottom:1px solid var(--line);text-align:right;vertical-align:top}
th:first-child,td:last-child,th[scope=col]:last-child{text-align:left}
thead th{position:sticky;top:0;background:var(--card);color:var(--soft);font-size:.85rem;vertical-align:bottom}
tbody th{font-weight:600;min-width:9.5rem}
td{min-width:6.5rem}td:last-child{min-width:20rem;font-size:.87rem}td ul{margin:0;padding-left:1rem}
small{display:block;font-weight:400;font-size:.78rem;color:var(--soft)}
.measured{text-decoration:underline}.list-price{text-decoration:underline dotted}
@media(max-width:640px){main{padding:.8rem .6rem 2rem}section,.answer{padding:.8rem .7rem}
figure>svg.wide{display:none}figure>svg.narrow{display:block}td:last-child{min-width:15rem}}
@media print{.scroll{max-height:none;overflow:visible}}
`;
