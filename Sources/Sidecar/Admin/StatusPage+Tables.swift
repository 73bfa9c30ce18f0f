extension StatusPage {
    /// A table of the page.
    enum Table {
        case procedures
        case subscriptions
    }

    private typealias Rows = (html: HTMLWriter, count: Int)

    /// As many rows of both as there is room for: a table that needs less than half of it leaves the rest to the other.
    static func share(
        _ room: Int, _ procedures: [StatusView.Row], _ subscriptions: [StatusView.Row]
    ) -> (procedures: (html: HTMLWriter, count: Int), subscriptions: (html: HTMLWriter, count: Int)) {
        let first = self.rows(procedures, within: room)
        let second = self.rows(subscriptions, within: room)
        if first.html.count + second.html.count <= room { return (first, second) }
        if second.html.count <= room / 2 {
            return (self.rows(procedures, within: room - second.html.count), second)
        }
        if first.html.count <= room / 2 {
            return (first, self.rows(subscriptions, within: room - first.html.count))
        }
        return (self.rows(procedures, within: room / 2), self.rows(subscriptions, within: room / 2))
    }

    private static func rows(_ rows: [StatusView.Row], within room: Int) -> Rows {
        var (html, count) = (HTMLWriter(), 0)
        for row in rows {
            var next = HTMLWriter()
            self.write(row, to: &next)
            guard html.count + next.count <= room else { break }
            html.append(next)
            count += 1
        }
        return (html, count)
    }

    private static func write(_ row: StatusView.Row, to page: inout HTMLWriter) {
        page.markup("<tr class=\"")
        page.markup(self.name(ofState: row.state))
        page.markup("\"><th scope=\"row\"><span class=\"uri\">")
        page.text(row.uri, most: 150)
        page.markup("</span><span class=\"sub\"><i class=\"sign\"></i><b>")
        page.text(row.state, most: 20)
        page.markup("</b> <span>")
        page.text(row.target, most: 80)
        page.markup("</span></span><span class=\"reason\">")
        page.text(row.reason, most: 150)
        page.markup("</span></th><td>")
        page.text(row.rate)
        page.markup("</td><td>")
        page.text(row.total)
        page.markup("</td><td><span>")
        page.text(row.errors)
        page.markup("</span><small>")
        page.text(row.kinds)
        page.markup("</small></td><td>")
        page.text(row.median)
        page.markup("</td><td>")
        page.text(row.p99)
        page.markup("</td><td><span>")
        page.text(row.open)
        page.markup("</span><small>")
        page.text(row.age)
        page.markup("</small></td></tr>\n")
    }

    /// The class of a row.
    private static func name(ofState state: String) -> StaticString {
        switch RouteStanding.State(rawValue: state) {
        case .works: "works"
        case .waits, nil: "waits"
        case .rests: "rests"
        case .faulty: "faulty"
        }
    }

    static func writeTableHead(_ table: Table, count: Int, to page: inout HTMLWriter) {
        switch table {
        case .procedures:
            // The script shows the field: without it there is nothing behind it.
            page.markup(
                """
                <p id="tools" hidden><label>Filter <input id="filter" type="search" autocomplete="off" \
                spellcheck="false"></label> <output id="shown" for="filter"></output></p>
                <section id="procedures" tabindex="-1">
                <h2>Procedures <span>
                """)
        case .subscriptions: page.markup("<section id=\"subscriptions\" tabindex=\"-1\">\n<h2>Subscriptions <span>")
        }
        page.text(PageText.count(count))
        page.markup("</span></h2>\n<table><thead><tr>")
        switch table {
        case .procedures:
            page.markup(
                """
                <th scope="col">Procedure</th><th scope="col">Calls/s</th><th scope="col">Calls</th>\
                <th scope="col">Errors</th><th scope="col">p50</th><th scope="col">p99</th><th scope="col">Running</th>
                """)
        case .subscriptions:
            page.markup(
                """
                <th scope="col">Topic</th><th scope="col">Events/s</th><th scope="col">Events</th>\
                <th scope="col">Failed</th><th scope="col">p50</th><th scope="col">p99</th><th scope="col">Waiting</th>
                """)
        }
        page.markup("</tr></thead><tbody>\n")
    }

    static func writeTableEnd(
        _ table: Table, _ rows: (html: HTMLWriter, count: Int), of count: Int, to page: inout HTMLWriter
    ) {
        page.append(rows.html)
        page.markup("</tbody></table>\n<p class=\"more\">")
        if count == 0 { page.markup("none") }
        if count > rows.count { page.text("and \(PageText.count(count - rows.count)) more") }
        page.markup("</p>\n</section>\n")
    }

    static func writeTail(to page: inout HTMLWriter) {
        page.markup(
            """
            </main>
            <footer>Rates are of the last minute, p50 and p99 of the last 5 to 10 minutes, counts since the start. \
            All of it as <a href="status">JSON</a>.</footer>
            <script>
            """)
        page.markup(self.script)
        page.markup("</script>\n</body>\n</html>\n")
    }
}
