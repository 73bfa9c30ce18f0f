import NIOCore
import Postgres
import WAMP

/// How many octets may be held of what came from the router and is not done: calls, events and results together. On the event loop.
///
/// A router goes on sending whatever becomes of it, and what it sends waits for the database. All who receive share the room, each with a share of
/// its own.
final class RouterBudget {
    /// What one message counts for beside its texts: what holds them.
    private static let overhead = 512
    /// So many messages may share the memory that they were read into with others; more get memory of their own.
    private static let mostUncompacted = 160

    private var room: FairShares<ObjectIdentifier>
    private var messages = 0

    /// - Parameter mostOctets: one message is always taken, however large.
    init(mostOctets: Int = 64 << 20) {
        self.room = FairShares(capacity: mostOctets)
    }

    /// How many procedures, subscriptions and others receive anything.
    var parties: Int {
        get { self.room.parties }
        set { self.room.parties = newValue }
    }

    /// Whether each message is to have memory of its own; see ``Payload/compacted(always:)``.
    var isCrowded: Bool { self.messages > Self.mostUncompacted }

    /// A message came.
    ///
    /// - Parameter party: the procedure, the subscription, or what else it is for.
    /// - Returns: what holds its place until it is released; nil if there is no room for it.
    func admit(_ payload: Payload, _ details: Details = .empty, of party: ObjectIdentifier) -> Share? {
        let size = payload.byteCount + details.text.readableBytes + Self.overhead
        guard self.messages == 0 || self.room.hasRoom(for: size, of: party) else { return nil }
        self.room.take(size, for: party)
        self.messages += 1
        return Share(of: self, octets: size, party: party)
    }

    /// The place of one message. It is given back with the last reference to it.
    final class Share {
        private let budget: RouterBudget
        private let octets: Int
        private let party: ObjectIdentifier

        fileprivate init(of budget: RouterBudget, octets: Int, party: ObjectIdentifier) {
            self.budget = budget
            self.octets = octets
            self.party = party
        }

        deinit {
            self.budget.room.release(self.octets, of: self.party)
            self.budget.messages -= 1
        }
    }
}
