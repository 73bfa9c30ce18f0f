import WAMP

/// Which serializer one router is asked for on RawSocket, where a connection can ask for one only.
///
/// Sans I/O: its driver (`Router`) reports how each attempt went. A router that refuses one is asked for the next at
/// once; when it has refused all, the usual wait follows. What a router has agreed to is what it is asked for first the
/// next time, if it has said that it refuses the others. Where it only closed the connections, which a router that
/// starts does too, it has to do so a second time.
struct SerializerStateMachine {
    /// What the driver does after a refusal.
    enum Action: Equatable {
        /// Asks for another in a new connection, at once. `isNew` is false if the log knows already.
        case tryNext(SerializerID, isNew: Bool)
        /// Waits as after any other failure: the others have been refused too.
        case giveUp(others: [SerializerID])
    }

    /// All that may be asked for, in the order in which they are; the one that worked is at the front.
    private var serializers: [SerializerID]
    /// How many of them were refused since the last wait.
    private var refused = 0
    /// Whether one of those refusals is a guess.
    private var hasGuessed = false
    /// What seemed to be refused before the router agreed to another.
    private var suspected: Set<SerializerID> = []
    /// What the log knows.
    private var told: Set<SerializerID> = []

    /// - Parameter serializers: in order of preference; without any JSON is asked for.
    init(_ serializers: [SerializerID]) {
        self.serializers = serializers.isEmpty ? [.json] : serializers
    }

    /// What the next attempt asks for.
    var next: SerializerID {
        self.refused < self.serializers.count ? self.serializers[self.refused] : self.serializers.first ?? .json
    }

    /// The router has agreed to what it was asked for.
    mutating func agreed() {
        guard self.refused > 0 else { return }
        let serializer = self.next
        let refused = self.serializers.prefix(self.refused)
        if !self.hasGuessed || self.suspected.isSuperset(of: refused) {
            self.serializers.removeAll { $0 == serializer }
            self.serializers.insert(serializer, at: 0)
        } else {
            self.suspected.formUnion(refused)
        }
        self.begin()
    }

    /// The router has refused what it was asked for.
    ///
    /// - Parameter isGuess: it did not say so.
    mutating func wasRefused(isGuess: Bool) -> Action {
        let serializer = self.next
        self.refused += 1
        self.hasGuessed = self.hasGuessed || isGuess
        if self.refused < self.serializers.count {
            return .tryNext(self.next, isNew: self.told.insert(serializer).inserted)
        }
        self.begin()
        return .giveUp(others: self.serializers.dropLast())
    }

    /// An attempt, or a session, has ended for another reason.
    mutating func ended() {
        self.begin()
    }

    private mutating func begin() {
        self.refused = 0
        self.hasGuessed = false
    }
}
