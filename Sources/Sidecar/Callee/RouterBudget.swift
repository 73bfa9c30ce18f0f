import NIOCore
import WAMP

/// How many octets may be held of what came from the router and is not done: calls, events and results together. On the event loop.
///
/// A router goes on sending whatever becomes of it, and what it sends waits for the database.
final class RouterBudget {
    /// What one message counts for beside its texts: what holds them.
    private static let overhead = 512
    /// So many messages may share the memory that they were read into with others; more get memory of their own.
    private static let mostUncompacted = 64

    /// The most octets. One message is always taken, however large.
    let mostOctets: Int

    private(set) var octets = 0
    private var messages = 0

    init(mostOctets: Int = 32 << 20) {
        self.mostOctets = mostOctets
    }

    /// Whether each message is to have memory of its own; see ``Payload/compacted(always:)``.
    var isCrowded: Bool { self.messages > Self.mostUncompacted }

    /// A message came.
    ///
    /// - Returns: what holds its place until it is released or given up; nil if there is no room for it.
    func admit(_ payload: Payload, _ details: Details = .empty) -> Share? {
        let size = payload.byteCount + details.text.readableBytes + Self.overhead
        guard self.messages == 0 || self.octets + size <= self.mostOctets else { return nil }
        self.octets += size
        self.messages += 1
        return Share(of: self, octets: size)
    }

    /// The place of one message. It is given back with the last reference to it.
    final class Share {
        private let budget: RouterBudget
        private let octets: Int

        fileprivate init(of budget: RouterBudget, octets: Int) {
            self.budget = budget
            self.octets = octets
        }

        deinit {
            self.budget.octets -= self.octets
            self.budget.messages -= 1
        }
    }
}
