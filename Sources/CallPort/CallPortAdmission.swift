import NIOCore

/// Who has come to the port: the few who have proved nothing yet, and those who have, who are never turned out for
/// others.
///
/// Anybody can come and say nothing. Where all places of the unproved are taken, one who comes gets that of the oldest
/// who has had his time, and whoever speaks at once, as libpq does, is through before his time is over.
struct CallPortAdmission {
    /// Whether one more may come.
    enum Room: Equatable {
        case free
        /// If this one goes for it.
        case inPlaceOf(Int32)
        /// Not before then.
        case later(NIODeadline)
    }

    private struct Unproved {
        let number: Int32
        let since: NIODeadline
        var hasSpoken = false

        /// Until when the place is his.
        var deadline: NIODeadline {
            self.since
                + (self.hasSpoken ? CallPortAdmission.patienceWithSpeakers : CallPortAdmission.patienceWithSilence)
        }
    }

    /// The most who may have proved nothing.
    static let unproved = 256
    private static let patienceWithSilence = TimeAmount.milliseconds(200)
    private static let patienceWithSpeakers = TimeAmount.milliseconds(1000)

    /// How many may have proved nothing.
    let limit: Int
    private var waiting: [Unproved] = []
    private var proved: Set<Int32> = []

    init(limit: Int = CallPortAdmission.unproved) {
        self.limit = limit
    }

    /// How many have proved who they are.
    var sessions: Int { self.proved.count }

    /// Whether one more may come now.
    func room(at now: NIODeadline) -> Room {
        guard self.waiting.count >= self.limit else { return .free }
        // Who has not spoken goes before who has.
        let next =
            self.waiting.first { !$0.hasSpoken && $0.deadline <= now } ?? self.waiting.first { $0.deadline <= now }
        if let next { return .inPlaceOf(next.number) }
        return self.waiting.map(\.deadline).min().map { .later($0) } ?? .free
    }

    /// One has come.
    mutating func arrived(_ number: Int32, at now: NIODeadline) {
        self.waiting.append(Unproved(number: number, since: now))
    }

    /// His first octets are there.
    mutating func spoke(_ number: Int32) {
        guard let index = self.waiting.firstIndex(where: { $0.number == number }) else { return }
        self.waiting[index].hasSpoken = true
    }

    /// He has proved who he is; his place is free.
    mutating func hasProved(_ number: Int32) {
        self.waiting.removeAll { $0.number == number }
        self.proved.insert(number)
    }

    /// He is gone, or to be.
    mutating func left(_ number: Int32) {
        self.waiting.removeAll { $0.number == number }
        self.proved.remove(number)
    }
}
