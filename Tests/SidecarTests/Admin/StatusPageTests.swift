import NIOCore
import TestChecks
import Testing
import WAMP

@testable import Sidecar

@Suite("The page")
struct StatusPageTests {
    private static let hostile = "<script>alert(\"1\")</script>&'\u{0}\u{7}\n\u{202e}"

    private static func route(_ uri: String, _ name: String = "uri", state: String = "works") -> Value {
        .dictionary([
            name: .string(uri), "state": .string(state), "target": .string(uri), "reason": .string(uri),
            "per_second": .double(1), "calls": .integer(1_000_000), "events": .integer(7),
            "results": .dictionary(["ok": .integer(5), "timeout": .integer(2_000), "dead": .integer(2)]),
        ])
    }

    private static func html(_ members: [String: Value]) -> String {
        String(buffer: StatusPage(.dictionary(members)).html)
    }

    private static func count(_ text: String, in page: String) -> Int { page.ranges(of: text).count }

    @Test("what comes from outside is text, wherever it stands")
    func escapes() {
        let text = Value.string(Self.hostile)
        let complaint = Value.list([.dictionary(["name": text, "reason": text])])
        let page = Self.html([
            "ready": .bool(false), "state": text, "reasons": complaint, "faults": complaint,
            "sidecar": .dictionary(["version": text]),
            "router": .dictionary(["state": .string("joined"), "url": text, "realm": text, "reason": text]),
            "database": .dictionary(["state": .string("available"), "reason": text]),
            "leadership": .dictionary(["role": .string("standby"), "holder": text]),
            "dead_letters": .dictionary([Self.hostile: .integer(3)]),
            "procedures": .list([Self.route(Self.hostile, state: Self.hostile)]),
            "subscriptions": .list([Self.route(Self.hostile, "topic")]),
        ])
        check(Self.count("<script", in: page), 1)
        #expect(Self.count("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;", in: page) > 10)
        check(page.unicodeScalars.contains { $0.value < 32 && $0 != "\n" }, false)
    }

    @Test("it is small, whatever there is, and says what it leaves out")
    func limit() {
        let long = String(repeating: "\"", count: 5_000)
        let texts = Value.list((0..<20).map { _ in .dictionary(["name": .string(long), "reason": .string(long)]) })
        let numbers = Value.list((0..<500).map { .double(Double($0) * 1.234_567) })
        let rows = [(1_000, 1_000, long), (1_000, 0, ".a"), (3, 1_000, ".a"), (0, 0, "")]
        for (procedures, subscriptions, uri) in rows {
            let html = Self.html([
                "ready": .bool(false), "reasons": texts, "sidecar": .dictionary(["version": .string(long)]),
                "router": .dictionary(["state": .string("joined"), "url": .string(long), "realm": .string(long)]),
                "database": .dictionary(["state": .string("available"), "reason": .string(long)]),
                "leadership": .dictionary(["role": .string("standby"), "holder": .string(long)]),
                "load": .dictionary(["calls_per_second": numbers, "events_per_second": numbers]),
                "procedures": .list((0..<procedures).map { Self.route("\($0)\(uri)") }),
                "subscriptions": .list((0..<subscriptions).map { Self.route("\($0)\(uri)", "topic") }),
            ])
            #expect(html.utf8.count <= StatusPage.limit)
            #expect(html.hasSuffix("</html>\n"))
            let shown = Self.count("<tr class=", in: html)
            check(shown + Self.left(html), procedures + subscriptions)
            check(shown > 1, procedures > 0 && uri.utf8.count < 10, "there is room for some that are not as long")
            check(Self.count("none</p>", in: html), (procedures == 0 ? 1 : 0) + (subscriptions == 0 ? 1 : 0))
        }
    }

    /// How many rows the page says that it leaves out; what it says of complaints stands before the tables.
    private static func left(_ html: String) -> Int {
        let tables = html.firstRange(of: "id=\"procedures\"").map { html[$0.upperBound...] } ?? ""
        return tables.ranges(of: "class=\"more\">and ").reduce(0) { sum, range in
            sum + (Int(tables[range.upperBound...].prefix { $0 != " " }.filter { $0 != "," }) ?? 0)
        }
    }

    @Test("the browser lets this style and this script run, and nothing else")
    func policy() throws {
        let answer = StatusPage.answer(.null)
        let headers = Dictionary(uniqueKeysWithValues: answer.headers.map { ($0.name, $0.value) })
        let policy = try #require(headers["Content-Security-Policy"])
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        #expect(policy.contains("; script-src 'sha256-"))
        #expect(!policy.contains("unsafe"))
        check(headers["X-Content-Type-Options"], "nosniff")
        check(headers["Cache-Control"], "no-store")
        check(headers["Referrer-Policy"], "no-referrer")
        check(headers["Content-Type"], "text/html; charset=utf-8")
        // A known answer, and what is between the tags is what is hashed.
        check(StatusPage.source("alert(1)"), "sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=")
        let page = String(buffer: answer.body)
        #expect(page.contains("<style>\(StatusPage.style)</style>"))
        #expect(page.contains("<script>\(StatusPage.script)</script>"))
        #expect(!"\(StatusPage.style)\(StatusPage.script)".contains("</"))
    }

    @Test("what stands first")
    func headline() {
        func headline(_ members: [String: Value]) -> String {
            StatusView(document: StatusDocument(value: .dictionary(members))).headline
        }
        let faults = Value.list([.dictionary(["name": .string("a"), "reason": .string("b")])])
        check(headline([:]), "Not ready")
        check(headline(["ready": .bool(true), "state": .string("ready")]), "Ready")
        check(headline(["ready": .bool(true), "state": .string("standby")]), "Standby")
        check(headline(["ready": .bool(true), "faults": faults]), "Ready with 1 fault")
        check(
            headline(["ready": .bool(true), "state": .string("standby"), "faults": faults, "other_faults": .integer(4)]
            ),
            "Standby with 5 faults")
    }

    @Test("what waits, and what is dead")
    func cards() {
        func cards(_ members: [String: Value]) -> [String: StatusView.Card] {
            let all = StatusView(document: StatusDocument(value: .dictionary(members))).cards
            return Dictionary(uniqueKeysWithValues: all.map { ($0.title, $0) })
        }
        let leader = Value.dictionary(["role": .string("leader"), "for_seconds": .double(60)])
        var shown = cards(["leadership": leader])
        check(shown["Leadership"]?.value, "leads for 1 min")
        check(shown["Outbox"]?.value, "nothing waits")
        check(shown["Dead letters"], nil)
        check(shown["Call port"], nil)
        shown = cards([
            "leadership": leader,
            "outbox": .dictionary([
                "waiting": .integer(1_200), "oldest_seconds": .double(75), "held_topics": .integer(2),
                "waiting_seconds": .double(61),
            ]),
            "dead_letters": .dictionary(["event": .integer(3), "publish": .integer(0), "oldest_seconds": .double(60)]),
            "call_port": .dictionary(["listening": .bool(true), "sessions": .integer(1), "limit": .integer(500)]),
        ])
        check(
            shown["Outbox"],
            StatusView.Card(
                title: "Outbox", level: .warning, value: "1,200 waiting",
                details: ["the oldest for 1 min", "none sent for 1 min", "2 held topics"]))
        check(
            shown["Dead letters"],
            StatusView.Card(
                title: "Dead letters", level: .warning, value: "3", details: ["event: 3", "the oldest for 1 min"]))
        check(shown["Call port"]?.details, ["1 of 500 sessions"])
        let nothing = Value.dictionary(["waiting": .integer(0), "oldest_seconds": .double(0)])
        check(
            cards(["leadership": leader, "outbox": nothing])["Outbox"],
            StatusView.Card(title: "Outbox", level: .good, value: "nothing waits"))
        check(cards(["dead_letters": .dictionary(["event": .integer(0)])])["Dead letters"]?.value, "none")
        check(cards(["dead_letters": .dictionary(["event": .null, "publish": .null])])["Dead letters"], nil)
        check(cards(["leadership": .dictionary(["role": .string("standby")])])["Outbox"]?.value, "left to the leader")
        check(cards([:])["Outbox"]?.value, "not known")
    }

    @Test("the connections to the database, and what waits for one")
    func connections() {
        func details(waiting: Int64) -> [String]? {
            let database = Value.dictionary([
                "state": .string("available"),
                "connections": .dictionary([
                    "calls": .dictionary(["open": .integer(3), "busy": .integer(1), "limit": .integer(4)])
                ]),
                "queue": .dictionary(["waiting": .integer(waiting), "limit": .integer(1_000)]),
            ])
            let view = StatusView(document: StatusDocument(value: .dictionary(["database": database])))
            return view.cards.first { $0.title == "Database" }?.details
        }
        check(details(waiting: 0)?.last, "3 of 4 connections, 1 busy")
        check(details(waiting: 1_000)?.last, "3 of 4 connections, 1 busy, 1,000 waiting")
    }

    @Test("what does not work stands first")
    func rows() {
        let view = StatusView(
            document: StatusDocument(
                value: .dictionary([
                    "procedures": .list([Self.route("a"), Self.route("b", state: "faulty")]),
                    "other_procedures": .integer(7),
                    "subscriptions": .list([.dictionary(["topic": .string("t"), "results": .null])]),
                ])))
        check(view.procedures.count, 9)
        check(view.procedures.rows.map(\.uri), ["b", "a"])
        check(view.procedures.rows.first?.errors, "2,002")
        check(view.procedures.rows.first?.kinds, "dead 2, timeout 2,000")
        check(view.subscriptions.rows.first?.errors, "–")
        check(view.subscriptions.rows.first?.open, "–")
    }
}
