extension StatusPage {
    /// The style sheet of the page.
    static let style: StaticString = #"""
        :root{--back:#f5f6f7;--panel:#fff;--text:#1b1f24;--muted:#57606a;--line:#dde1e6;--chart:#2f6fd0;--area:#dfeafb;
        --good:#1a7340;--warning:#8a5600;--bad:#b8281e;--good-back:#e8f5ed;--warning-back:#fcf2dd;--bad-back:#fcebe9}
        @media (prefers-color-scheme:dark){:root{--back:#13161a;--panel:#1b1f24;--text:#e6e9ec;--muted:#9da7b1;
        --line:#30363d;--chart:#74a9f7;--area:#1e2d45;--good:#5ccb8f;--warning:#e5b254;--bad:#ff8f85;
        --good-back:#142a1e;--warning-back:#2c2412;--bad-back:#351b19}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0 auto;max-width:74rem;padding:1.25rem;background:var(--back);color:var(--text);
        font:15px/1.5 Inter,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums;
        overflow-wrap:anywhere}
        h1,h2,p,ul{margin:0;padding:0}
        ul{list-style:none}
        h2{font-size:.8125rem;font-weight:600;color:var(--muted)}
        a{color:var(--chart)}
        :focus-visible{outline:3px solid var(--chart);outline-offset:2px;border-radius:4px}
        section:focus{outline:none}
        .skip{position:absolute;left:-99rem}
        .skip:focus{left:1rem;top:1rem;padding:.5rem 1rem;background:var(--panel);z-index:1}
        header{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1.5rem;margin-bottom:.75rem;
        font-size:.875rem;color:var(--muted)}
        header b{color:var(--text)}
        .good{--tone:var(--good);--tone-back:var(--good-back)}
        .warning{--tone:var(--warning);--tone-back:var(--warning-back)}
        .bad,.faulty{--tone:var(--bad);--tone-back:var(--bad-back)}
        .works{--tone:var(--good)}
        .waits{--tone:var(--warning)}
        .rests{--tone:var(--muted)}
        .sign{display:inline-block;width:.625em;height:.625em;margin-right:.5em;background:var(--tone);
        border-radius:50%;forced-color-adjust:none}
        .warning>*>.sign,.waits .sign{border-radius:0;clip-path:polygon(50% 0,100% 100%,0 100%)}
        .bad>*>.sign,.faulty .sign{border-radius:0}
        .rests .sign{background:none;border:.125em solid var(--tone)}
        #readiness{padding:1.125rem 1.25rem;background:var(--tone-back);border:1px solid var(--tone);border-radius:10px;
        transition:background-color .3s}
        #readiness h1{font-size:1.75rem;line-height:1.2;font-weight:650;color:var(--tone)}
        #readiness li{margin-top:.375rem}
        #readiness li span{color:var(--text)}
        #cards,#charts{display:grid;gap:.75rem;margin-top:.75rem}
        #cards{grid-template-columns:repeat(3,1fr)}
        #charts{grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr))}
        article,table{background:var(--panel);border:1px solid var(--line);border-radius:10px}
        article{padding:.875rem 1rem}
        article h2+p{margin:.125rem 0;font-size:1.0625rem;font-weight:600;line-height:1.35;text-wrap:balance}
        #cards li{font-size:.875rem;color:var(--muted)}
        #charts article{display:grid;grid-template-columns:1fr auto;align-items:baseline}
        #charts h2+p{font-size:1.375rem}
        svg{grid-column:1/-1;display:block;width:100%;height:56px;margin:.25rem 0;overflow:hidden;
        border-bottom:1px solid var(--line)}
        path{fill:var(--area);stroke:var(--chart);stroke-width:1.5;stroke-linejoin:round;
        vector-effect:non-scaling-stroke}
        .axis{grid-column:1/-1;display:flex;justify-content:space-between;font-size:.75rem;color:var(--muted)}
        .axis b{color:var(--text)}
        #tools{margin:1.5rem 0 -.5rem;font-size:.875rem;color:var(--muted)}
        input{width:18rem;max-width:100%;margin:0 .5rem;padding:.375rem .625rem;font:inherit;font-size:1rem;
        color:var(--text);background:var(--panel);border:1px solid var(--muted);border-radius:6px}
        main>section>h2{margin:1.5rem 0 .5rem;font-size:1.0625rem;color:var(--text)}
        h2 span{font-weight:400;color:var(--muted)}
        table{width:100%;border-collapse:separate;border-spacing:0}
        th,td{padding:.5rem .75rem;text-align:right;vertical-align:top;font-weight:400}
        th:first-child{text-align:left;width:99%}
        td,thead th{white-space:nowrap}
        thead th{font-size:.75rem;font-weight:600;color:var(--muted)}
        tbody th,tbody td{border-top:1px solid var(--line)}
        .uri,.reason,.sub span{unicode-bidi:isolate}
        .uri,.sub,.reason,small{display:block}
        .uri{font-weight:500}
        .sub,.reason,small{font-size:.8125rem;color:var(--muted)}
        .sub b,.reason{font-weight:500;color:var(--tone)}
        td small{max-width:11rem;min-width:5rem;white-space:normal;overflow-wrap:normal}
        td small:empty,.reason:empty,.more:empty{display:none}
        .more{padding-top:.5rem;font-size:.875rem;color:var(--muted)}
        footer{margin-top:1.5rem;font-size:.8125rem;color:var(--muted)}
        .stale section+section{filter:grayscale(1)}
        @media (max-width:42rem){body{padding:.75rem}
        #readiness,article{padding:.75rem .875rem}
        #readiness h1{font-size:1.5rem}
        #cards,#charts{gap:.5rem;margin-top:.5rem}
        #cards{grid-template-columns:repeat(2,1fr)}
        #cards h2+p{font-size:.9375rem}
        svg{height:44px}
        table,thead,tbody{display:block}
        tr:not([hidden]){display:grid;grid-template-columns:repeat(4,1fr);padding:.5rem .75rem}
        tbody tr{border-top:1px solid var(--line)}
        th,td,tbody th,tbody td{padding:0;border:0}
        th:first-child{grid-column:1/-1;width:auto}
        td{font-size:.875rem}
        td small{min-width:0}
        tr>:nth-child(3),tr>:nth-child(5){display:none}
        input{width:100%;margin:.25rem 0}}
        @media (prefers-reduced-motion:reduce){*{transition:none!important}}

        """#
}
