import NIOCore
import WAMP

/// What a session asks of its connection.
extension Connection {
    /// See `Session`.
    var greatestMessage: Int { self.transport?.greatestMessage ?? 0 }
    /// See `Session`.
    var isWritable: Bool { self.isJoined && self.transport?.isWritable == true }

    /// Sends a request that is answered.
    ///
    /// - Parameters:
    ///   - timeout: nil for the time that requests have usually.
    ///   - atLeast: octets of text that the message has at the very least.
    ///   - id: takes the id from the machine; nil if that says there is no such thing.
    /// - Returns: nil if it was not sent; the pending request has been failed then.
    @discardableResult
    func request(
        _ request: PendingRequest, timeout: TimeAmount? = nil, atLeast: Int = 0,
        id takeID: (inout SessionStateMachine) -> RequestID?, message: (RequestID) -> OutgoingMessage
    ) -> RequestID? {
        self.eventLoop.assertInEventLoop()
        guard self.isJoined else {
            request.fail(.noSession)
            return nil
        }
        // Before an id is taken: routers may expect ids without gaps.
        guard self.serializer.leastOctets(ofText: atLeast) <= self.greatestMessage else {
            request.fail(.tooLarge(size: atLeast, limit: self.greatestMessage))
            return nil
        }
        guard let id = takeID(&self.machine) else {
            request.fail(.notHeld)
            return nil
        }
        switch self.send(message(id), atLeast: atLeast) {
        case .sent:
            self.pending[id] = request
            self.deadlines.insert(
                self.eventLoop.now + (timeout ?? self.configuration.requestTimeout), id,
                waiting: self.pending.count, isWaiting: { self.pending[$0] != nil })
            self.arm()
            return id
        case .tooLarge(let size, let limit):
            _ = self.machine.abandon(id)
            request.fail(.tooLarge(size: size, limit: limit))
            return nil
        case .sessionClosed:
            _ = self.machine.abandon(id)
            request.fail(.noSession)
            return nil
        }
    }

    /// See `Session.unsubscribe`.
    func unsubscribe(
        _ subscription: SubscriptionID, _ completion: @escaping (Result<Void, RequestError>) -> Void
    ) {
        guard self.isJoined else {
            completion(.failure(.noSession))
            return
        }
        switch self.machine.unsubscribe(subscription) {
        case .send(let id):
            self.request(
                .unsubscribe(subscription, completion), id: { _ in id },
                message: { .unsubscribe(Unsubscribe(request: $0, subscription: subscription)) })
        case .released:
            completion(.success(()))
        case .unknown:
            completion(.failure(.notHeld))
        }
    }

    /// Publishes without acknowledgement. Nil if it is in the output buffer, in order.
    func post(_ topic: URI, options: PublishOptions, _ payload: Payload) -> RequestError? {
        self.eventLoop.assertInEventLoop()
        guard self.isJoined, let transport = self.transport else { return .noSession }
        let atLeast = self.serializer.leastOctets(ofText: payload.byteCount + topic.text.utf8.count)
        guard atLeast <= transport.greatestMessage else {
            return .tooLarge(size: atLeast, limit: transport.greatestMessage)
        }
        guard let id = self.machine.publish(acknowledged: false) else { return .noSession }
        let message = Publish(request: id, options: options, topic: topic, payload: payload)
        switch transport.send(atLeast: atLeast, { self.serializer.encode(message, into: &$0) }) {
        case .sent: return nil
        case .tooLarge(let size, let limit): return .tooLarge(size: size, limit: limit)
        case .sessionClosed: return .noSession
        }
    }

    /// Answers an invocation.
    func yield(_ message: Yield) -> SendOutcome {
        self.eventLoop.assertInEventLoop()
        guard self.isJoined, let transport = self.transport else { return .sessionClosed }
        return transport.send(atLeast: self.serializer.leastOctets(ofText: message.payload.byteCount)) {
            self.serializer.encode(message, into: &$0)
        }
    }

    /// Answers an invocation with an error.
    func fail(_ message: InvocationError) -> SendOutcome {
        self.eventLoop.assertInEventLoop()
        guard self.isJoined, let transport = self.transport else { return .sessionClosed }
        return transport.send(atLeast: self.serializer.leastOctets(ofText: message.payload.byteCount)) {
            self.serializer.encode(message, into: &$0)
        }
    }

    /// Ends the wait for an answer; one that comes later is dropped.
    ///
    /// - Parameter mode: what CANCEL says, if it is a call for which none was sent.
    func giveUp(_ id: RequestID, _ error: RequestError, mode: CancelMode = .killnowait) {
        self.eventLoop.assertInEventLoop()
        guard let request = self.pending.removeValue(forKey: id) else { return }
        let wasCanceled = self.canceled.remove(id) != nil
        if case .call = request, !wasCanceled, self.machine.canCancel(id), self.canCancel {
            _ = self.send(.cancel(Cancel(request: id, mode: mode)))
        }
        _ = self.machine.abandon(id)
        request.fail(error)
    }

    /// Calls what each router has and any may refuse: an answer is a sign of life whatever it is.
    func sendHeartbeat() {
        if let id = self.heartbeat {
            self.pending[id] = nil
            _ = self.machine.abandon(id)
        }
        guard let procedure = try? URI("wamp.session.count") else { return }
        self.heartbeat = self.request(
            .heartbeat, id: { $0.call() },
            message: { .call(Call(request: $0, options: CallOptions(), procedure: procedure)) })
    }

    /// A request was answered.
    func answered(_ id: RequestID, _ answer: RequestAnswer) {
        guard let request = self.pending[id] else {
            self.answeredTooLate(answer)
            return
        }
        if answer.isFinal {
            self.pending[id] = nil
            self.canceled.remove(id)
        }
        switch (request, answer) {
        case (_, .failed(let error)): request.fail(.refused(error))
        case (.register(let completion), .registered(let registration)): completion(.success(registration))
        case (.unregister(let completion), .unregistered): completion(.success(()))
        case (.subscribe(let completion), .subscribed(let subscription)): completion(.success(subscription))
        case (.unsubscribe(let subscription, let completion), .unsubscribed(let lost)):
            completion(.success(()))
            if lost > 0, let session = self.session {
                self.delegate?.revoked(subscription, reason: "given back while it was asked for again", in: session)
            }
        case (.publish(let completion), .published(let publication)): completion(.success(publication))
        case (.call(let completion), .result(let result)), (.call(let completion), .progress(let result)):
            completion(.success(result))
        case (.heartbeat, _):
            self.heartbeat = nil
        case (.register, _), (.unregister, _), (.subscribe, _), (.unsubscribe, _), (.publish, _), (.call, _):
            assertionFailure("the machine matches answers with requests")
        }
    }

    /// Nobody waits any more for a registration or subscription that the router has made: it is given back.
    private func answeredTooLate(_ answer: RequestAnswer) {
        switch answer {
        case .registered(let registration):
            self.request(
                .heartbeat, id: { $0.unregister(registration) },
                message: { .unregister(Unregister(request: $0, registration: registration)) })
        case .subscribed(let subscription):
            self.unsubscribe(subscription) { _ in }
        case .published, .unsubscribed, .unregistered, .progress, .result, .failed:
            break
        }
        self.delegate?.observed(.dropped(.lateAnswer))
    }
}
