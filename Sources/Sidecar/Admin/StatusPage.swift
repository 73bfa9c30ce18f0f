import Cryptography
import NIOCore
import WAMP

/// The page `/`: a document of `/status` as people see it. Without script it is loaded again every 5 s; with script it
/// asks for `/status` each 2 s.
///
/// Nothing is loaded besides, and the browser is held to that (``policy``).
struct StatusPage {
    /// The most octets of the page. What does not fit is left out, and counted.
    static let limit = 32 * 1024
    /// What is kept for the numbers of what was left out.
    private static let reserve = 512
    private static let complaintsLimit = 3 * 1024

    private let view: StatusView

    /// - Parameter status: the document.
    init(_ status: Value) {
        self.view = StatusView(document: StatusDocument(value: status))
    }

    static func answer(_ status: Value) -> AdminAnswer {
        AdminAnswer(
            .ok, type: "text/html; charset=utf-8",
            headers: [("Content-Security-Policy", self.policy), ("Referrer-Policy", "no-referrer")],
            body: StatusPage(status).html)
    }

    /// What the page may do: its one style, its one script, and questions to this server.
    static let policy = [
        "default-src 'none'", "style-src '\(Self.source(Self.style))'", "script-src '\(Self.source(Self.script))'",
        "img-src data:", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    /// The name that the policy has for a text; without a hash it allows nothing.
    static func source(_ text: StaticString) -> String {
        guard let hash = try? SHA256.hash(Array("\(text)".utf8)) else { return "none" }
        return "sha256-" + String(decoding: Base64.encode(hash), as: UTF8.self)
    }

    // MARK: - The document

    /// All of it.
    var html: ByteBuffer {
        var page = HTMLWriter()
        self.writeHead(to: &page)
        self.writeReadiness(to: &page)
        self.writeCards(to: &page)
        self.writeCharts(to: &page)
        let (procedures, subscriptions) = (self.view.procedures, self.view.subscriptions)
        var (first, second, tail) = (HTMLWriter(), HTMLWriter(), HTMLWriter())
        Self.writeTableHead(.procedures, count: procedures.count, to: &first)
        Self.writeTableHead(.subscriptions, count: subscriptions.count, to: &second)
        Self.writeTail(to: &tail)
        let room = Self.limit - Self.reserve - page.count - first.count - second.count - tail.count
        let (some, others) = Self.share(room, procedures.rows, subscriptions.rows)
        page.append(first)
        Self.writeTableEnd(.procedures, some, of: procedures.count, to: &page)
        page.append(second)
        Self.writeTableEnd(.subscriptions, others, of: subscriptions.count, to: &page)
        page.append(tail)
        return page.buffer
    }

    private func writeHead(to page: inout HTMLWriter) {
        page.markup(
            """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>
            """)
        page.text(self.view.headline)
        page.markup(" · wamp-sidecar</title>\n<link rel=\"icon\" href=\"")
        page.text(Self.icon(self.view.level))
        page.markup("\">\n<style>")
        page.markup(Self.style)
        page.markup(
            """
            </style>
            <noscript><meta http-equiv="refresh" content="5"></noscript>
            </head>
            <body>
            <a class="skip" href="#procedures">Skip to the procedures</a>
            <header>
            <p><b>wamp-sidecar</b> <span id="version">
            """)
        page.text(self.view.version, most: 60)
        page.markup("</span></p>\n<p>up for <span id=\"uptime\">")
        page.text(self.view.uptime)
        page.markup("</span>, event loop late by <span id=\"delay\">")
        page.text(self.view.loopDelay)
        page.markup(
            """
            </span><span id="live"></span><noscript>, loaded again every 5 s</noscript></p>
            </header>
            <main>

            """)
    }

    private func writeReadiness(to page: inout HTMLWriter) {
        page.markup("<section id=\"readiness\" class=\"")
        page.markup(self.view.level.name)
        page.markup("\">\n<h1 aria-live=\"polite\"><i class=\"sign\"></i><span id=\"headline\">")
        page.text(self.view.headline)
        page.markup("</span></h1>\n<ul id=\"complaints\">")
        let start = page.count
        var left = self.view.otherComplaints
        for (name, reason) in self.view.complaints {
            guard page.count - start < Self.complaintsLimit else {
                left += 1
                continue
            }
            page.markup("<li><b>")
            page.text(name, most: 80)
            page.markup("</b> <span>")
            page.text(reason, most: 240)
            page.markup("</span></li>")
        }
        page.markup("</ul>\n<p id=\"complaints-more\" class=\"more\">")
        if left > 0 { page.text("and \(PageText.count(left)) more") }
        page.markup("</p>\n</section>\n")
    }

    private func writeCards(to page: inout HTMLWriter) {
        page.markup("<section id=\"cards\" aria-label=\"Both sides, and what waits\">\n")
        for card in self.view.cards {
            page.markup("<article class=\"")
            page.markup(card.level.name)
            page.markup("\"><h2>")
            page.text(card.title)
            page.markup("</h2><p><i class=\"sign\"></i><span>")
            page.text(card.value, most: 80)
            page.markup("</span></p><ul>")
            for detail in card.details {
                page.markup("<li>")
                page.text(detail, most: 100)
                page.markup("</li>")
            }
            page.markup("</ul></article>\n")
        }
        page.markup("</section>\n")
    }

    private func writeCharts(to page: inout HTMLWriter) {
        page.markup("<section id=\"charts\" aria-label=\"The last 10 minutes\">\n")
        for chart in self.view.charts {
            page.markup("<article><h2>")
            page.text(chart.title)
            page.markup("</h2><p>")
            page.text(chart.now)
            page.markup("</p><svg viewBox=\"0 0 ")
            page.text("\(Sparkline.width) \(Sparkline.height)")
            page.markup("\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><path d=\"")
            page.text(chart.path)
            page.markup("\"/></svg><p class=\"axis\"><span>10 min ago</span><span>at most <b>")
            page.text(chart.peak)
            page.markup("</b></span><span>now</span></p></article>\n")
        }
        page.markup("</section>\n")
    }
}

extension StatusView.Level {
    /// The class of what is so.
    var name: StaticString {
        switch self {
        case .good: "good"
        case .warning: "warning"
        case .bad: "bad"
        }
    }
}

extension StatusPage {
    /// A dot in the colour of the level, for the browser's tab.
    private static func icon(_ level: StatusView.Level) -> String {
        let colour =
            switch level {
            case .good: "2e9e5b"
            case .warning: "d99a1c"
            case .bad: "d43f34"
            }
        return "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'>"
            + "<circle cx='4' cy='4' r='4' fill='%23\(colour)'/></svg>"
    }
}
