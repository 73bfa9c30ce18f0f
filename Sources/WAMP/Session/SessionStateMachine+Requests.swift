/// Our requests, and the end of the session by us.
extension SessionStateMachine {
    /// Returns the id of a PUBLISH, which must be sent immediately. A PUBLISH without acknowledgement has an id too,
    /// but nothing waits for it. Nil if there is no session.
    package mutating func publish(acknowledged: Bool) -> RequestID? {
        self.whileJoined { joined in
            acknowledged ? joined.requests.add(.publish) : joined.requests.takeID()
        }
    }

    /// Returns the id of a SUBSCRIBE, which must be sent immediately. Nil if there is no session.
    package mutating func subscribe() -> RequestID? {
        self.whileJoined { $0.requests.add(.subscribe) }
    }

    /// Returns the id of a REGISTER, which must be sent immediately. Nil if there is no session.
    package mutating func register() -> RequestID? {
        self.whileJoined { $0.requests.add(.register) }
    }

    /// Returns the id of a CALL, which must be sent immediately. Nil if there is no session.
    ///
    /// - Parameter receivesProgress: whether it asks for results in parts.
    package mutating func call(receivesProgress: Bool = false) -> RequestID? {
        self.whileJoined { $0.requests.add(.call(receivesProgress: receivesProgress)) }
    }

    /// Returns the id of an UNREGISTER, which must be sent immediately. Nil if there is no such registration, or no
    /// session.
    package mutating func unregister(_ registration: RegistrationID) -> RequestID? {
        self.whileJoined { joined in
            guard joined.registrations.remove(registration) != nil else { return nil }
            return joined.requests.add(.unregister(registration))
        }
    }

    /// Gives up one reference to a subscription. Its events may come until UNSUBSCRIBE is answered.
    package mutating func unsubscribe(_ subscription: SubscriptionID) -> UnsubscribeAction {
        let action: UnsubscribeAction? = self.whileJoined { joined in
            guard let count = joined.subscriptions[subscription] else { return nil }
            if count > 1 {
                joined.subscriptions[subscription] = count - 1
                return .released
            }
            joined.subscriptions[subscription] = nil
            joined.leaving[subscription, default: 0] += 1
            return .send(joined.requests.add(.unsubscribe(subscription)))
        }
        return action ?? .unknown
    }

    /// Returns a new id for a request that got no answer, which must be sent again immediately. Nil if it does not wait
    /// any longer. Either of the two may be answered, or both.
    package mutating func askAgain(_ request: RequestID) -> RequestID? {
        self.whileJoined { joined in
            guard let (what, id) = joined.requests.addAgain(request) else { return nil }
            if case .unsubscribe(let subscription) = what { joined.leaving[subscription, default: 0] += 1 }
            return id
        }
    }

    /// True if a CANCEL for the call makes sense: the call still waits. The router's answer to it is the call's answer.
    /// To stop waiting, use ``abandon(_:)``.
    package mutating func canCancel(_ call: RequestID) -> Bool {
        self.whileJoined { $0.requests.isWaiting(call, kind: .call) } ?? false
    }

    /// Stops waiting for a call or a publication; its answer will be dropped. Requests that change what the router
    /// holds for us can't be abandoned. False if the request was not waiting.
    package mutating func abandon(_ request: RequestID) -> Bool {
        let wasWaiting = self.whileJoined { joined in
            guard joined.requests.isWaiting(request, kind: .call) || joined.requests.isWaiting(request, kind: .publish)
            else { return false }
            joined.requests.forget(request)
            return true
        }
        return wasWaiting ?? false
    }
}
