import NIOCore
import Postgres
import WAMP

/// The most octets of messages from the router that are not processed yet: calls, events and results together. On the
/// event loop.
///
/// A router continues to send, and its messages wait for the database. All receivers share the room, and each has its
/// own part.
final class RouterBudget {
    /// The size of one message besides its texts: the objects that hold it.
    private static let overhead = 512
    /// So many messages may share the memory that they were read into; further ones get their own.
    private static let mostUncompacted = 160

    private var room: FairShares
    private var messages = 0

    /// - Parameter mostOctets: one message is always accepted, however large.
    init(mostOctets: Int = 64 << 20) {
        self.room = FairShares(capacity: mostOctets)
    }

    /// The number of receivers: procedures, subscriptions and others.
    var parties: Int {
        get { self.room.parties }
        set { self.room.parties = newValue }
    }

    /// Whether each message must get its own memory; see ``Payload/compact(always:)``.
    var isCrowded: Bool { self.messages > Self.mostUncompacted }

    /// A message has come.
    ///
    /// - Parameter party: the procedure, the subscription, or another receiver.
    func admit(_ payload: Payload, _ details: Details = .empty, of party: FairShares.Party) -> Share? {
        let size = payload.byteCount + details.text.readableBytes + Self.overhead
        guard self.messages == 0 || self.room.hasRoom(for: size, of: party) else { return nil }
        self.room.take(size, for: party)
        self.messages += 1
        return Share(of: self, octets: size, party: party)
    }

    /// The place of one message. It is freed with the last reference to it.
    final class Share {
        private let budget: RouterBudget
        private let octets: Int
        private let party: FairShares.Party

        fileprivate init(of budget: RouterBudget, octets: Int, party: FairShares.Party) {
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
