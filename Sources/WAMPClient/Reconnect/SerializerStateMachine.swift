import WAMP

/// Decides which serializer to ask one router for on RawSocket, where a connection can ask for only one.
///
/// Sans I/O: its driver (`Router`) reports the result of each attempt. A router that refuses a serializer is asked for
/// the next one immediately; when it has refused all, the usual wait follows. The serializer that a router has agreed
/// to comes first the next time, if the router has explicitly refused the others. If it only closed the connections, as
/// a router does that is still starting, it has to do so a second time.
struct SerializerStateMachine {
    /// What the driver does after a refusal.
    enum Action: Equatable {
        /// Ask for another one in a new connection, immediately. `isNew` is false if the refusal was logged before.
        case tryNext(SerializerID, isNew: Bool)
        /// Wait as after any other failure: the others have been refused too.
        case giveUp(others: [SerializerID])
    }

    /// All serializers, in the order in which they are asked for; the one that worked is at the front.
    private var serializers: [SerializerID]
    /// How many of them were refused since the last wait.
    private var refused = 0
    /// True if one of those refusals is a guess.
    private var hasGuessed = false
    /// The serializers that seemed to be refused before the router agreed to another one.
    private var suspected: Set<SerializerID> = []
    /// The refusals that were logged.
    private var reported: Set<SerializerID> = []

    /// - Parameter serializers: in order of preference; an empty list means JSON.
    init(_ serializers: [SerializerID]) {
        self.serializers = serializers.isEmpty ? [.json] : serializers
    }

    /// The serializer for the next attempt.
    var next: SerializerID {
        self.refused < self.serializers.count ? self.serializers[self.refused] : self.serializers.first ?? .json
    }

    /// The router has agreed to the serializer.
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

    /// The router has refused the serializer.
    ///
    /// - Parameter isGuess: true if it did not say so.
    mutating func wasRefused(isGuess: Bool) -> Action {
        let serializer = self.next
        self.refused += 1
        self.hasGuessed = self.hasGuessed || isGuess
        if self.refused < self.serializers.count {
            return .tryNext(self.next, isNew: self.reported.insert(serializer).inserted)
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
