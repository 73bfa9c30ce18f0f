/// The requests of one session that wait for an answer, and the counter of their ids.
struct PendingRequests: ~Copyable {
    /// A request, as far as its answer needs it.
    enum Request: Sendable, Equatable {
        case publish
        case subscribe
        case unsubscribe(SubscriptionID)
        case register
        case unregister(RegistrationID)
        case call(receivesProgress: Bool)

        var kind: MessageKind {
            switch self {
            case .publish: .publish
            case .subscribe: .subscribe
            case .unsubscribe: .unsubscribe
            case .register: .register
            case .unregister: .unregister
            case .call: .call
            }
        }
    }

    /// The request that an answer belongs to.
    enum Match: Equatable {
        /// The request.
        case request(Request)
        /// A request, but of another kind: no router may do that.
        case otherKind(MessageKind)
        /// No request.
        case none(SilentDrop)
    }

    private var requests: [RequestID: Request] = [:]
    private var nextID: Int64
    private var hasWrapped = false

    /// Counts from 1, or (for tests) from another id.
    init(firstID: Int64 = 1) {
        self.nextID = firstID
    }

    /// The next id: 1, 2, 3 and so on, from 2^53 back to 1. It must be sent before the next one is taken.
    mutating func takeID() -> RequestID {
        while true {
            let id = RequestID(checked: self.nextID)
            if self.nextID == RequestID.greatestRawValue {
                self.nextID = 1
                self.hasWrapped = true
            } else {
                self.nextID += 1
            }
            // An id can be in use only after the counter has wrapped.
            if !self.hasWrapped || self.requests[id] == nil { return id }
        }
    }

    /// Takes an id for a request that will be answered.
    mutating func add(_ request: Request) -> RequestID {
        let id = self.takeID()
        self.requests[id] = request
        return id
    }

    /// Finds the request that an answer belongs to, and removes it unless more answers follow.
    mutating func match(_ id: RequestID, kind: MessageKind, isFinal: Bool = true) -> Match {
        guard let index = self.requests.index(forKey: id) else {
            return .none(self.hasWrapped || id.rawValue < self.nextID ? .lateAnswer : .unknownAnswer)
        }
        let request = self.requests[index].value
        guard request.kind == kind else { return .otherKind(request.kind) }
        if isFinal { self.requests.remove(at: index) }
        return .request(request)
    }

    /// True if the request waits and is of this kind.
    borrowing func isWaiting(_ id: RequestID, kind: MessageKind) -> Bool {
        self.requests[id]?.kind == kind
    }

    /// True if this request waits.
    borrowing func isWaiting(_ id: RequestID, for request: Request) -> Bool {
        self.requests[id] == request
    }

    /// Takes another id for a request that still waits; nil if it does not.
    mutating func addAgain(_ id: RequestID) -> (Request, RequestID)? {
        guard let request = self.requests[id] else { return nil }
        return (request, self.add(request))
    }

    /// Forgets a request; its answer will count as late.
    mutating func forget(_ id: RequestID) {
        self.requests[id] = nil
    }

    /// All requests that wait, in the order of their ids.
    consuming func all() -> [RequestID] {
        self.requests.keys.sorted()
    }
}
