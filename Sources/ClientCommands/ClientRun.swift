import NIOCore
import Names
import WAMP
import WAMPClient

/// The work of a command in its session. On the event loop; it gets no calls after it has finished the run.
protocol ClientWork: AnyObject {
    /// The session is joined. From now on it may finish the run.
    func joined(_ session: Session, in run: ClientRun)
    /// An event of one of its subscriptions.
    func received(_ event: Event)
    /// The router revoked a subscription.
    func revoked(reason: String?)
    /// The router accepts output again.
    func writable()
    /// Somebody asks it to end (Ctrl-C, SIGTERM).
    func interrupted()
}

/// Joins a router once, runs a command there, and leaves again. On the event loop.
///
/// There is one attempt for each URL: a person at a terminal must not wait for a router to come back. A lost session
/// ends the run.
final class ClientRun: RouterDelegate {
    let eventLoop: any EventLoop
    /// Standard output.
    let output: LineWriter
    private let target: ClientTarget
    private let work: any ClientWork
    private let note: (String) -> Void
    private var router: Router?
    private var session: Session?
    private var failures: [RouterURL: ConnectionFault] = [:]
    private var completion: ((ClientOutcome) -> Void)?

    /// - Parameter note: receives messages for people besides the output, a line at a time.
    init(
        _ target: ClientTarget, eventLoop: any EventLoop, output: LineWriter, work: any ClientWork,
        note: @escaping (String) -> Void
    ) {
        self.target = target
        self.eventLoop = eventLoop
        self.output = output
        self.work = work
        self.note = note
    }

    /// Begins. The caller keeps the run until its completion has been called.
    ///
    /// - Parameter completion: called once, when everything is written and closed.
    func start(completion: @escaping (ClientOutcome) -> Void) {
        self.completion = completion
        self.output.onFault = { [weak self] _ in self?.finish() }
        let router = Router(configuration: self.target.configuration, eventLoop: self.eventLoop, delegate: self)
        self.router = router
        router.start()
    }

    /// Ends the session, and then the run. Later calls do nothing.
    func finish(_ outcome: ClientOutcome = .succeeded) {
        guard let completion = self.completion else { return }
        self.completion = nil
        self.router?.stop {
            self.router = nil
            self.output.finish {
                // Waiting output counts too.
                let fault = self.output.fault.flatMap { Self.text($0) }
                completion(outcome == .succeeded ? fault.map { .failed([$0]) } ?? outcome : outcome)
            }
        }
    }

    /// A message for people.
    func tell(_ text: String) {
        if self.completion != nil { self.note(text) }
    }

    /// Ctrl-C, or SIGTERM.
    func interrupt() {
        if self.session == nil {
            self.finish(.failed(["interrupted before the session was joined"]))
        } else if self.completion != nil {
            self.work.interrupted()
        }
    }

    /// Nil if there is no reason to complain.
    private static func text(_ fault: LineWriter.Fault) -> String? {
        switch fault {
        case .readerGone: nil
        case .tooSlow: "nobody reads the output: too much of it waits"
        case .failed(let reason): "can't write: \(reason)"
        }
    }

    // MARK: - The router

    func joined(_ session: Session) {
        guard self.completion != nil else { return }
        self.session = session
        self.work.joined(session, in: self)
    }

    func left(_ session: Session, reason: SessionEnd) {
        self.session = nil
        let message = reason.description
        self.finish(.failed([message] + (self.target.advice(on: [message]).map { [$0] } ?? [])))
    }

    func received(_ event: Event, in session: Session) {
        if self.completion != nil { self.work.received(event) }
    }

    func revoked(_ subscription: SubscriptionID, reason: String?, in session: Session) {
        if self.completion != nil { self.work.revoked(reason: reason) }
    }

    func writabilityChanged(_ isWritable: Bool, in session: Session) {
        if isWritable, self.completion != nil { self.work.writable() }
    }

    func observed(_ event: RouterEvent) {
        switch event {
        case .connectFailed(let url, let fault, _), .credentialsRefused(let url, let fault, _),
            .distrusted(let url, let fault, _):
            self.failures[url] = fault
            // Each of several URLs gets its turn; one that works is enough.
            guard self.failures.count == Set(self.target.configuration.urls).count else { return }
            let advice = self.target.advice(on: self.failures.values.map(\.message))
            self.finish(
                .failed(
                    self.failures.map { "router \($0): \($1.message)" }.sorted() + (advice.map { [$0] } ?? [])))
        case .featureMissing(_, let feature, let isAskedFor):
            let loss = isAskedFor ? "it announces no features; this one is requested all the same" : feature.loss
            self.tell("note: the router does not announce \(feature.rawValue): \(loss)")
        case .connecting, .serializerRefused, .joined, .left, .dropped, .askedAgain, .writabilityChanged, .stopped:
            break
        }
    }

    func received(_ invocation: Invocation, in session: Session) {}
    func received(_ interrupt: Interrupt, in session: Session) {}
    func revoked(_ registration: RegistrationID, reason: String?, in session: Session) {}
}
