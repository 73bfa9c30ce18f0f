import Names
import WAMP

/// The document of `/status` as people read it on a terminal.
enum StatusText {
    /// Whether the document says that work can flow.
    static func isReady(_ status: Value) -> Bool {
        self.member(status, "ready") == .bool(true)
    }

    /// A line for each thing; what does not work has its reason.
    static func lines(_ status: Value) -> [String] {
        var lines = [self.headline(status)]
        for (name, list) in [("not ready", "reasons"), ("fault", "faults")] {
            for complaint in self.list(status, list) {
                lines.append("\(name): \(self.text(complaint, "name")): \(self.text(complaint, "reason"))")
            }
        }
        if case .integer(let others)? = self.member(status, "other_faults"), others > 0 {
            lines.append("fault: and \(others) more")
        }
        let router = self.member(status, "router") ?? .null
        lines.append(self.join(["router:", self.text(router, "state"), self.text(router, "url")]))
        let database = self.member(status, "database") ?? .null
        lines.append("database: \(self.text(database, "state"))")
        lines += self.connections(StatusDocument(value: database))
        let leadership = self.member(status, "leadership") ?? .null
        lines.append(self.join(["leadership:", self.text(leadership, "role"), self.text(leadership, "holder")]))
        lines += self.callPort(StatusDocument(value: status)["call_port"])
        lines += self.outbox(status)
        lines += self.routes(status, "procedures", uri: "uri")
        lines += self.routes(status, "subscriptions", uri: "topic")
        return lines
    }

    /// A guest's only if there are some.
    private static func connections(_ database: StatusDocument) -> [String] {
        let (own, guests) = (database["connections"]["calls"], database["connections"]["guests"])
        let queue = database["queue"]
        guard own.isThere, queue.isThere else { return [] }
        func text(_ connections: StatusDocument) -> String {
            "\(connections["open"].count) of \(connections["limit"].count) open, \(connections["busy"].count) busy"
        }
        let others = guests["open"].count > 0 ? "; of the guest \(text(guests))" : ""
        return [
            "connections: \(text(own))\(others)", "queue: \(queue["waiting"].count) of \(queue["limit"].count) waiting",
        ]
    }

    /// Nothing if the file opens none.
    private static func callPort(_ port: StatusDocument) -> [String] {
        guard port.isThere else { return [] }
        guard port["listening"].isTrue else { return ["call port: not listening"] }
        return ["call port: listening, \(port["sessions"].count) of \(port["limit"].count) sessions"]
    }

    /// Nothing of what is not known.
    private static func outbox(_ status: Value) -> [String] {
        let (outbox, letters) = (self.member(status, "outbox") ?? .null, self.member(status, "dead_letters") ?? .null)
        guard case .integer(let waiting)? = self.member(outbox, "waiting"),
            case .double(let oldest)? = self.member(outbox, "oldest_seconds"),
            case .integer(let publications)? = self.member(letters, "publish"),
            case .integer(let events)? = self.member(letters, "event")
        else { return [] }
        let age = waiting > 0 ? ", the oldest for \(Int64(oldest.rounded())) s" : ""
        return [
            "outbox: \(waiting) event\(waiting == 1 ? " waits" : "s wait")\(age)",
            "dead letters: \(publications) of publications, \(events) of events",
        ]
    }

    private static func headline(_ status: Value) -> String {
        let sidecar = self.member(status, "sidecar") ?? .null
        let state = self.text(status, "state")
        let faults = self.list(status, "faults").isEmpty ? "" : " with faults"
        return "\(state)\(faults) (wamp-sidecar \(self.text(sidecar, "version")))"
    }

    private static func routes(_ status: Value, _ name: String, uri: String) -> [String] {
        let routes = self.list(status, name)
        let working = routes.count { ExactText.areSame(self.text($0, "state"), RouteStanding.State.works.rawValue) }
        var others: Int64 = 0
        if case .integer(let count)? = self.member(status, "other_\(name)") { others = count }
        let more = others > 0 ? ", and \(others) more \(others == 1 ? "is" : "are") not shown" : ""
        return ["\(name): \(Int64(routes.count) + others), \(working) work\(more)"]
            + routes.map {
                self.join(["  \(self.text($0, "state"))", self.text($0, uri), self.text($0, "reason")])
            }
    }

    private static func join(_ words: [String]) -> String { words.filter { !$0.isEmpty }.joined(separator: " ") }

    private static func member(_ value: Value, _ name: String) -> Value? {
        guard case .dictionary(let members) = value else { return nil }
        return members[name]
    }

    private static func list(_ value: Value, _ name: String) -> [Value] {
        guard case .list(let list)? = self.member(value, name) else { return [] }
        return list
    }

    private static func text(_ value: Value, _ name: String) -> String {
        guard case .string(let text)? = self.member(value, name) else { return "" }
        return text
    }
}
