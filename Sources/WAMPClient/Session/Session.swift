package import NIOCore
package import Names
package import WAMP

/// One joined session with a router, and the requests that can be made in it.
///
/// Confined to the router's event loop: made there, used there, and completions are called there. Once it has ended
/// (`RouterDelegate.left`) every request fails immediately and nothing is sent.
package final class Session {
    /// The session's id at the router.
    package let id: SessionID
    /// The router's WELCOME: our identity there, and what the router can do.
    package let welcome: Welcome
    /// Where the router is.
    package let url: RouterURL
    private let connection: Connection

    init(welcome: Welcome, connection: Connection) {
        self.id = welcome.session
        self.welcome = welcome
        self.url = connection.url
        self.connection = connection
    }

    /// Whether the router announces the feature for its role.
    package func routerAnnounces(_ feature: String, role: Welcome.Role) -> Bool {
        self.welcome.announces(feature, role: role)
    }

    /// The router's name and version.
    package var agent: String? { self.welcome.agent }
    /// The realm that was joined.
    package var realm: String { self.welcome.realm ?? self.connection.configuration.realm.text }
    /// The authid that the router gave us.
    package var authid: String? { self.welcome.authid }
    /// The role that the router gave us.
    package var authrole: String? { self.welcome.authrole }
    /// The method that proved our identity.
    package var authmethod: String? { self.welcome.authmethod }

    /// The longest message that the router accepts, in octets.
    package var greatestMessage: Int { self.connection.greatestMessage }
    /// Whether more output is welcome; false while a lot waits for the router. See `RouterDelegate.writabilityChanged`.
    package var isWritable: Bool { self.connection.isWritable }
    /// True until the session ends.
    package var isOpen: Bool { self.connection.isJoined }

    /// Ends the session as if its connection had been lost, because the router does not do its part. Another one is
    /// begun.
    package func abandon(_ reason: String) {
        self.connection.drop(ConnectionFault(.silent, reason))
    }

    /// Registers a procedure. As with all requests, options that need a feature that the router does not announce are
    /// left out, or else the request fails immediately (see ``RouterFeatures/indispensable``).
    package func register(
        _ procedure: URI, options given: RegisterOptions = RegisterOptions(),
        completion: @escaping (Result<RegistrationID, RequestError>) -> Void
    ) {
        let options: RegisterOptions
        switch self.connection.fit(given) {
        case .success(let fitted): options = fitted
        case .failure(let error): return completion(.failure(error))
        }
        self.connection.request(
            .register(completion), patience: self.connection.configuration.askAgainAfter, id: { $0.register() },
            message: { .register(Register(request: $0, options: options, procedure: procedure)) })
    }

    /// Gives a registration back. Fails immediately if it is not ours (any more).
    package func unregister(
        _ registration: RegistrationID, completion: @escaping (Result<Void, RequestError>) -> Void
    ) {
        self.connection.registrations.remove(registration)
        self.connection.request(
            .unregister(completion), patience: self.connection.configuration.askAgainAfter,
            id: { $0.unregister(registration) },
            message: { .unregister(Unregister(request: $0, registration: registration)) })
    }

    /// Subscribes to a topic. The same topic and match may be subscribed to many times; routers answer with the same
    /// id.
    package func subscribe(
        _ topic: URI, options given: SubscribeOptions = SubscribeOptions(),
        completion: @escaping (Result<SubscriptionID, RequestError>) -> Void
    ) {
        let options: SubscribeOptions
        switch self.connection.fit(given) {
        case .success(let fitted): options = fitted
        case .failure(let error): return completion(.failure(error))
        }
        self.connection.request(
            .subscribe(completion), patience: self.connection.configuration.askAgainAfter, id: { $0.subscribe() },
            message: { .subscribe(Subscribe(request: $0, options: options, topic: topic)) })
    }

    /// Gives a subscription back; UNSUBSCRIBE is sent when it was given back as often as it was asked for.
    package func unsubscribe(
        _ subscription: SubscriptionID, completion: @escaping (Result<Void, RequestError>) -> Void
    ) {
        self.connection.unsubscribe(subscription, completion)
    }

    /// Publishes without acknowledgement: the outcome is never reported, whatever `options` says.
    ///
    /// - Returns: why nothing was sent; nil if the event is in the output buffer, in order.
    package func publish(_ topic: URI, options: PublishOptions = .none, payload: Payload) -> RequestError? {
        switch self.fit(options.acknowledge ? options.acknowledged(false) : options) {
        case .success(let options): self.connection.post(topic, options: options, payload)
        case .failure(let error): error
        }
    }

    /// Publishes, and calls back when the broker has the event. Only as many are under way at once as the router has
    /// been seen to acknowledge; the others wait here.
    package func publish(
        _ topic: URI, options: PublishOptions = .none, payload: Payload,
        acknowledged completion: @escaping (Result<PublicationID, RequestError>) -> Void
    ) {
        self.publish(topic, options: options, payload: payload, patience: nil, timeout: nil, acknowledged: completion)
    }

    /// The same, at least once.
    ///
    /// - Parameters:
    ///   - patience: after so long without an answer the event is published again; nil: never.
    ///   - timeout: for the whole, from the first PUBLISH on; nil for the usual time of requests.
    package func publish(
        _ topic: URI, options given: PublishOptions = .none, payload: Payload, patience: TimeAmount?,
        timeout: TimeAmount?,
        acknowledged completion: @escaping (Result<PublicationID, RequestError>) -> Void
    ) {
        let options: PublishOptions
        switch self.fit(given.acknowledge ? given : given.acknowledged(true)) {
        case .success(let fitted): options = fitted
        case .failure(let error): return completion(.failure(error))
        }
        self.connection.publish(
            WaitingPublication(
                completion: completion,
                message: { .publish(Publish(request: $0, options: options, topic: topic, payload: payload)) },
                timeout: timeout, patience: patience, atLeast: payload.byteCount + topic.text.utf8.count))
    }

    private func fit(_ options: PublishOptions) -> Result<PublishOptions, RequestError> {
        self.connection.fit(options.isForNobody ? options.forNobody(from: self.id) : options)
    }

    /// Calls a procedure.
    ///
    /// Our own clock ends the call: with CANCEL if the dealer announces it, then `.timeout`. A dealer that announces
    /// `call_timeout` gets the time limit too, but is not relied on. With `receiveProgress` the completion is called
    /// for each result, the last of which is not in progress; parts that were not asked for are dropped.
    ///
    /// - Parameter timeout: for the whole call, from now to its last result, however many come before that.
    /// - Returns: the id for `cancel`; nil if nothing was sent (the completion has been called by then).
    @discardableResult
    package func call(
        _ procedure: URI, options given: CallOptions = CallOptions(), payload: Payload, timeout: TimeAmount,
        completion: @escaping (Result<CallResult, RequestError>) -> Void
    ) -> RequestID? {
        let options: CallOptions
        switch self.connection.fit(self.connection.timed(given, timeout)) {
        case .success(let fitted): options = fitted
        case .failure(let error):
            completion(.failure(error))
            return nil
        }
        return self.connection.request(
            .call(completion), timeout: timeout, atLeast: payload.byteCount + procedure.text.utf8.count,
            id: { $0.call(receivesProgress: options.receiveProgress) },
            message: { .call(Call(request: $0, options: options, procedure: procedure, payload: payload)) })
    }

    /// Cancels a call (advanced profile, "Call Canceling"). Allowed even if the answer has arrived already.
    ///
    /// CANCEL is sent if the dealer announces it. With `skip` and `killnowait` the completion gets `.canceled`
    /// immediately. With `kill` it gets the callee's answer to the interruption: mostly ERROR `wamp.error.canceled`, or
    /// the result if that was quicker; `.canceled` if neither comes within `RouterConfiguration.cancelPatience`, or
    /// before the call's own timeout.
    package func cancel(_ call: RequestID, mode: CancelMode = .killnowait) {
        self.connection.cancel(call, mode: mode)
    }

    /// Answers an invocation.
    ///
    /// Encodes immediately: the payload's buffers may be used again after this. A message that is too large is not
    /// sent, and the invocation stays unanswered: answer it with `fail`.
    package func yield(_ request: RequestID, payload: Payload, progress: Bool = false) -> SendOutcome {
        self.connection.yield(Yield(request: request, isProgress: progress, payload: payload))
    }

    /// Answers an invocation with an error.
    package func fail(_ request: RequestID, uri: URI, payload: Payload = .empty) -> SendOutcome {
        self.connection.fail(InvocationError(request: request, uri: uri, payload: payload))
    }
}
