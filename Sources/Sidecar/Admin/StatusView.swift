/// What the page says, in words, of a document of `/status`. The script has the same functions.
struct StatusView {
    /// How good something is; on the page as a colour and a sign.
    enum Level {
        case good
        case warning
        case bad
    }

    /// One side, or one thing that it is good to know.
    struct Card: Equatable {
        let title: String
        let level: Level
        let value: String
        var details: [String] = []
    }

    /// A rate of the last minutes.
    struct Chart: Equatable {
        let title: String
        let now: String
        let peak: String
        let path: String
    }

    let document: StatusDocument

    var version: String { self.document["sidecar"]["version"].text }

    var uptime: String { PageText.age(self.document["sidecar"]["uptime_seconds"].number ?? 0) }

    var loopDelay: String { PageText.latency(self.document["event_loop"]["delay_seconds"].number) }

    // MARK: - Readiness

    private var isReady: Bool { self.document["ready"].isTrue }

    private var faultCount: Int { self.document["faults"].list.count + self.document["other_faults"].count }

    var level: Level { self.isReady ? (self.faultCount == 0 ? .good : .warning) : .bad }

    /// The first thing on the page.
    var headline: String {
        guard self.isReady else { return "Not ready" }
        let state = self.document["state"].says("standby") ? "Standby" : "Ready"
        let faults = self.faultCount
        return faults == 0 ? state : "\(state) with \(faults) fault\(faults == 1 ? "" : "s")"
    }

    /// Why it is not ready, or what does not work: which part, and what about it.
    var complaints: [(name: String, reason: String)] {
        self.document[self.isReady ? "faults" : "reasons"].list.map { ($0["name"].text, $0["reason"].text) }
    }

    /// How many complaints are not in the document.
    var otherComplaints: Int { self.isReady ? self.document["other_faults"].count : 0 }

    // MARK: - Cards

    var cards: [Card] {
        [self.router, self.database, self.leadership, self.outbox, self.deadLetters, self.callPort].compactMap { $0 }
    }

    private static func time(_ side: StatusDocument) -> String {
        side["for_seconds"].number.map { " for \(PageText.age($0))" } ?? ""
    }

    private var router: Card {
        let router = self.document["router"]
        let isJoined = router["state"].says("joined")
        guard isJoined else {
            return Card(
                title: "Router", level: .bad, value: "not connected\(Self.time(router))",
                details: [router["reason"].isThere ? router["reason"].text : "it is being tried"])
        }
        return Card(
            title: "Router", level: .good, value: "connected\(Self.time(router))",
            details: [router["url"].text, "realm \(router["realm"].text)"])
    }

    private var database: Card {
        let database = self.document["database"]
        let reason = database["reason"].isThere ? [database["reason"].text] : []
        guard database["state"].says("available") else {
            return Card(
                title: "Database", level: .bad, value: "not connected\(Self.time(database))",
                details: reason.isEmpty ? ["it is being tried"] : reason)
        }
        return Card(
            title: "Database", level: reason.isEmpty ? .good : .warning,
            value: "connected\(Self.time(database))",
            details: reason + [
                database["listening"].isTrue ? "listens for notifications" : "does not listen for notifications",
                database["interface"].isTrue ? "SQL interface installed" : "SQL interface not installed",
            ] + self.connections)
    }

    private var connections: [String] {
        let (own, queue) = (self.document["database"]["connections"]["calls"], self.document["database"]["queue"])
        guard own.isThere, queue.isThere else { return [] }
        let (open, limit) = (PageText.count(own["open"].count), PageText.count(own["limit"].count))
        let waiting = queue["waiting"].count
        let wait = waiting > 0 ? ", \(PageText.count(waiting)) waiting" : ""
        return ["\(open) of \(limit) connections, \(PageText.count(own["busy"].count)) busy\(wait)"]
    }

    /// Whether the work of the leader is done elsewhere.
    private var isStandby: Bool { self.document["leadership"]["role"].says("standby") }

    /// Whether it is done here.
    private var isLeader: Bool { self.document["leadership"]["role"].says("leader") }

    private var leadership: Card {
        let leadership = self.document["leadership"]
        let time = Self.time(leadership)
        if self.isStandby {
            return Card(
                title: "Leadership", level: .good, value: "stands by\(time)",
                details: ["\(leadership["holder"].text) leads"])
        }
        if self.isLeader {
            return Card(title: "Leadership", level: .good, value: "leads\(time)", details: ["this sidecar"])
        }
        return Card(title: "Leadership", level: .warning, value: "not known\(time)")
    }

    private var outbox: Card {
        let outbox = self.document["outbox"]
        if self.isStandby {
            return Card(title: "Outbox", level: .good, value: "left to the leader")
        }
        guard self.isLeader else { return Card(title: "Outbox", level: .warning, value: "not known") }
        var details: [String] = []
        let waiting = outbox["waiting"].count
        if waiting > 0, let oldest = outbox["oldest_seconds"].number {
            details.append("the oldest for \(PageText.age(oldest))")
        }
        let stuck = outbox["waiting_seconds"].number
        if let stuck { details.append("none sent for \(PageText.age(stuck))") }
        let held = outbox["held_topics"].count
        if held > 0 { details.append("\(PageText.count(held)) held topic\(held == 1 ? "" : "s")") }
        let isWaiting = waiting > 0 || stuck != nil
        return Card(
            title: "Outbox", level: held > 0 || (stuck ?? 0) >= 10 ? .warning : .good,
            value: waiting > 0 ? "\(PageText.count(waiting)) waiting" : isWaiting ? "events wait" : "nothing waits",
            details: details)
    }

    private var deadLetters: Card? {
        let letters = self.document["dead_letters"]
        let known = letters.members.filter { $0.value.isThere && !$0.name.hasSuffix("_seconds") }
        guard !known.isEmpty else { return nil }
        let kinds = known.filter { $0.value.count > 0 }
        let sum = kinds.reduce(0) { $0 + $1.value.count }
        guard sum > 0 else { return Card(title: "Dead letters", level: .good, value: "none") }
        let oldest = letters["oldest_seconds"].number.map { ["the oldest for \(PageText.age($0))"] } ?? []
        return Card(
            title: "Dead letters", level: .warning, value: PageText.count(sum),
            details: kinds.map { "\($0.name): \(PageText.count($0.value.count))" } + oldest)
    }

    private var callPort: Card? {
        let port = self.document["call_port"]
        guard port.isThere else { return nil }
        let sessions = "\(PageText.count(port["sessions"].count)) of \(PageText.count(port["limit"].count)) sessions"
        return port["listening"].isTrue
            ? Card(title: "Call port", level: .good, value: "listens", details: [sessions])
            : Card(title: "Call port", level: .bad, value: "does not listen")
    }

    // MARK: - Charts

    var charts: [Chart] {
        let load = self.document["load"]
        return [("Calls a second", "calls_per_second"), ("Events a second", "events_per_second")].map { title, name in
            let numbers = load[name].list.suffix(LoadTrend.most).map { max($0.number ?? 0, 0) }
            let line = Sparkline(numbers: numbers)
            return Chart(
                title: title, now: PageText.rate(numbers.last), peak: PageText.rate(line.peak), path: line.path)
        }
    }
}
