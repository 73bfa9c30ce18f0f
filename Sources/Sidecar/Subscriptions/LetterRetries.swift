import NIOCore
import Postgres
import WAMP

/// Dead letters of events that somebody wants to try again. On the event loop.
final class LetterRetries {
    private let query: String
    private let refuse: String
    private let control: Control
    /// Runs the event of a dead letter; false if its subscription does not exist.
    private let run: (_ event: ReceivedEvent, _ subscription: String, _ function: String) -> Bool
    /// The ones on their way already: a dead letter is read again as long as it has not run.
    private var underWay: Set<Int64> = []
    /// So many are read at once, and none after the one that exceeds so many octets.
    private static let page = 100
    private static let pageOctets = 8 << 20
    /// Events larger than this do not run.
    private static let greatest = 64 << 20
    /// There may be more than were read.
    private var hasMore = false
    private lazy var pace = Paced(every: .seconds(1), on: self.eventLoop) { [unowned self] in self.lookNow() }
    private let eventLoop: any EventLoop

    init(
        schema: String, control: Control, eventLoop: any EventLoop,
        run: @escaping (_ event: ReceivedEvent, _ subscription: String, _ function: String) -> Bool
    ) {
        let schema = SQLText.identifier(schema)
        self.query = """
            select id, subscription, topic, args, kwargs, details, proc, is_too_large \
            from \(schema).event_retries(\(Self.page), \(Self.pageOctets), \(Self.greatest))
            """
        self.refuse = "select \(schema).event_retried($1::pg_catalog.int8, true, '42704', $2::pg_catalog.text)"
        self.control = control
        self.eventLoop = eventLoop
        self.run = run
    }

    /// There may be such dead letters. Any role may announce that, as often as it likes: they are looked for at once,
    /// and again at most once a second.
    func look() {
        self.pace.ask()
    }

    private func lookNow() {
        self.control.query(self.query) { result in
            guard case .success(let rows) = result else { return }
            let octets = rows.values.joined().reduce(0) { $0 + ($1?.utf8.count ?? 0) }
            self.hasMore = rows.values.count == Self.page || octets >= Self.pageOctets
            for row in rows.values { self.take(row) }
        }
    }

    /// A dead letter's event has ended.
    func ended(_ letter: Int64) {
        guard self.underWay.remove(letter) != nil, self.underWay.isEmpty, self.hasMore else { return }
        self.hasMore = false
        self.lookNow()
    }

    private func take(_ row: [String?]) {
        guard row.count == 8, let id = row[0].flatMap({ Int64($0) }), let subscription = row[1], let topic = row[2],
            let function = row[6], self.underWay.insert(id).inserted
        else { return }
        let payload = Payload(
            arguments: row[3].map { ByteBuffer(string: $0) }, keywordArguments: row[4].map { ByteBuffer(string: $0) })
        let details = row[5].map { Details(text: ByteBuffer(string: $0)) } ?? .empty
        let event = ReceivedEvent(
            payload: payload, details: details, topic: topic, letter: id, arrived: self.eventLoop.now)
        let isTooLarge = row[7] == "t"
        guard isTooLarge || !self.run(event, subscription, function) else { return }
        var values = Parameters()
        values.append("\(id)")
        values.append(
            isTooLarge
                ? "the event has more than \(Self.greatest) octets"
                : "\(function) is not subscribed to \(subscription) any more, or too many events wait")
        self.control.query(self.refuse, values) { _ in self.ended(id) }
    }
}
