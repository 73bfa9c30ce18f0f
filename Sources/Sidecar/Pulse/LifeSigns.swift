import NIOCore

/// Whether the threads beside the event loop answer.
struct LifeSigns {
    /// What has to answer.
    enum Organ: CaseIterable {
        /// The thread that watches the sockets of the database.
        case watcher
        /// The threads that resolve names.
        case threadPool

        var name: String {
            switch self {
            case .watcher: "the thread that watches the database's sockets"
            case .threadPool: "the thread pool"
            }
        }
    }

    /// How long an answer may take.
    static let patience = TimeAmount.seconds(10)

    private var asked: [Organ: NIODeadline] = [:]

    /// It is time to ask.
    ///
    /// - Returns: whether to: not while the last question is open.
    mutating func ask(_ organ: Organ, at now: NIODeadline) -> Bool {
        guard self.asked[organ] == nil else { return false }
        self.asked[organ] = now
        return true
    }

    mutating func answered(_ organ: Organ) { self.asked[organ] = nil }

    /// What does not answer, in a user's words; nil: all does.
    func fault(at now: NIODeadline) -> String? {
        for organ in Organ.allCases {
            guard let asked = self.asked[organ], now - asked >= Self.patience else { continue }
            return "\(organ.name) has not answered for \((now - asked).nanoseconds / 1_000_000_000) s"
        }
        return nil
    }
}
