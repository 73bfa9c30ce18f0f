import DequeModule
import NIOCore
import Names
import WAMP

/// What a session asks its connection to do.
extension Connection {
    /// See `Session`.
    var greatestMessage: Int { self.transport?.greatestMessage ?? 0 }
    /// See `Session`.
    var isWritable: Bool { self.isJoined && self.transport?.isWritable == true }

    /// Sends a request that is answered.
    ///
    /// - Parameters:
    ///   - timeout: nil for the usual time of requests.
    ///   - patience: after so long without an answer the request is sent again; nil: never.
    ///   - atLeast: the message has at least this many octets of text.
    ///   - id: takes the id from the machine; nil if the machine has nothing to ask.
    /// - Returns: nil if it was not sent; the pending request has failed by then.
    @discardableResult
    func request(
        _ request: PendingRequest, timeout: TimeAmount? = nil, patience: TimeAmount? = nil, atLeast: Int = 0,
        id takeID: (inout SessionStateMachine) -> RequestID?, message: @escaping (RequestID) -> OutgoingMessage
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
            // This very message exceeded what may wait for the router, so the connection is closed and no answer can
            // come.
            guard self.isJoined else {
                request.fail(.sessionClosed)
                return nil
            }
            let now = self.eventLoop.now
            let deadline = now + (timeout ?? self.configuration.requestTimeout)
            self.pending[id] = WaitingRequest(
                request: request, deadline: deadline, again: patience == nil ? nil : message)
            if let patience { self.repetitions.sent(id, patience: patience, at: now) }
            self.deadlines.insert(
                deadline, id,
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
                .unsubscribe(subscription, completion), patience: self.configuration.askAgainAfter, id: { _ in id },
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

    /// Ends the wait for an answer; an answer that comes later is dropped.
    ///
    /// - Parameter mode: the mode of CANCEL, if this is a call for which none was sent.
    func giveUp(_ id: RequestID, _ error: RequestError, mode: CancelMode = .killnowait) {
        self.eventLoop.assertInEventLoop()
        guard let request = self.pending.removeValue(forKey: id)?.request else { return }
        for repetition in self.repetitions.ended(id, isAnswered: false) { _ = self.machine.abandon(repetition) }
        let wasCanceled = self.canceled.remove(id) != nil
        if case .call = request, !wasCanceled, self.machine.canCancel(id), self.canCancel {
            _ = self.send(.cancel(Cancel(request: id, mode: mode)))
        }
        _ = self.machine.abandon(id)
        if case .publish = request { self.publishWindow.ended() }
        request.fail(error)
        self.publishWaiting()
    }

    // MARK: - Sending again

    /// Sends requests again that have not been answered.
    func askAgain(at now: NIODeadline) {
        for due in self.repetitions.due(at: now) {
            let original = due.original
            guard self.isJoined, let waiting = self.pending[original], let message = waiting.again,
                let id = self.machine.askAgain(original)
            else { continue }
            if due.isLost, case .publish = waiting.request { self.publishWindow.lost() }
            guard case .sent = self.send(message(id)) else {
                _ = self.machine.abandon(id)
                continue
            }
            self.repetitions.repeated(original, as: id, at: now)
            self.delegate?.observed(.askedAgain(waiting.request.kind))
        }
    }

    // MARK: - Acknowledged publications

    /// Publishes as soon as there is room in the window.
    func publish(_ publication: WaitingPublication) {
        self.eventLoop.assertInEventLoop()
        guard self.publications.isEmpty, self.publishWindow.hasRoom else {
            guard self.isJoined else { return publication.completion(.failure(.noSession)) }
            let octets = publication.atLeast + Self.octetsOfPublication
            guard self.publicationOctets + octets <= self.configuration.unsentBound else {
                return publication.completion(.failure(.tooManyWait))
            }
            self.publicationOctets += octets
            return self.publications.append(publication)
        }
        self.send(publication)
    }

    /// The memory of one waiting publication without its payload, approximately.
    private static let octetsOfPublication = 256

    private func send(_ publication: WaitingPublication) {
        let id = self.request(
            .publish(publication.completion), timeout: publication.timeout, patience: publication.patience,
            atLeast: publication.atLeast, id: { $0.publish(acknowledged: true) }, message: publication.message)
        if id != nil { self.publishWindow.sent() }
    }

    /// Sends as many as there is room for.
    private func publishWaiting() {
        while self.publishWindow.hasRoom, let publication = self.publications.popFirst() {
            self.publicationOctets -= publication.atLeast + Self.octetsOfPublication
            self.send(publication)
        }
    }

    // MARK: - Answers

    /// Sends a call that every router knows and may refuse: any answer is a sign of life.
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
    func answered(_ answered: RequestID, _ answer: RequestAnswer) {
        let id = self.repetitions.original(of: answered)
        // Each of these tables is searched once: this runs for each acknowledged publication.
        guard let index = self.pending.index(forKey: id) else {
            self.answeredTooLate(answer)
            return
        }
        let waiting = self.pending[index].value
        let request = waiting.request
        let wasCanceled = !self.canceled.isEmpty && self.canceled.contains(id)
        if answer.isFinal {
            self.pending.remove(at: index)
            if wasCanceled { self.canceled.remove(id) }
        }
        if waiting.again != nil {
            if id != answered { _ = self.machine.abandon(id) }
            for other in self.repetitions.ended(id, isAnswered: true) where other != answered {
                _ = self.machine.abandon(other)
            }
            if self.repetitions.nextCheck == .uptimeNanoseconds(0) { self.arm() }
        }
        if case .publish = request { self.publishWindow.answered() }
        defer { self.publishWaiting() }
        switch (request, answer) {
        case (.register(let completion), .failed(let error))
        where id != answered && error.uri == WAMPError.procedureAlreadyExists.text:
            completion(.failure(.answerLost(error)))
        case (.call(let completion), .failed(let error)) where !wasCanceled && self.isOurDeadline(error, waiting):
            completion(.failure(.timeout))
        case (_, .failed(let error)): request.fail(.refused(error))
        case (.register(let completion), .registered(let registration)):
            self.registrations.insert(registration)
            completion(.success(registration))
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

    /// How much earlier than ours another clock may ring.
    private static let clockDifference = TimeAmount.milliseconds(100)

    /// Whether the dealer, or the callee, has only noticed before us that the call's time is over.
    private func isOurDeadline(_ error: ErrorMessage, _ call: WaitingRequest) -> Bool {
        let keepsTime = self.features?.hasCallTimeout == true
        guard error.uri == WAMPError.timeout.text || (keepsTime && WAMPError.isCanceled(error.uri)) else {
            return false
        }
        return self.eventLoop.now + Self.clockDifference >= call.deadline
    }

    /// Nothing waits any more for a registration or subscription that the router has made: it is given back.
    private func answeredTooLate(_ answer: RequestAnswer) {
        switch answer {
        // An answered request that was sent again may return the same one.
        case .registered(let registration) where self.registrations.contains(registration):
            break
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
