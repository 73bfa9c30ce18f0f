import WAMP

/// What has gone over all connections to routers so far. On the event loop.
final class Traffic {
    private var sent = [Int](repeating: 0, count: Traffic.places)
    private var received = [Int](repeating: 0, count: Traffic.places)
    /// Octets that were sent over connections that have ended.
    var formerSentOctets = 0
    /// Octets that were received, whatever they are.
    var receivedOctets = 0

    /// One for each code.
    private static let places = MessageKind.allCases.reduce(0) { max($0, $1.rawValue) } + 1

    /// How many messages of a kind were sent.
    func sent(_ kind: MessageKind) -> Int { self.sent[kind.rawValue] }

    /// How many messages of a kind were received.
    func received(_ kind: MessageKind) -> Int { self.received[kind.rawValue] }

    /// A message is sent.
    func count(sent kind: MessageKind) {
        self.sent[kind.rawValue] += 1
    }

    /// A message was received.
    func count(received kind: MessageKind) {
        self.received[kind.rawValue] += 1
    }
}
