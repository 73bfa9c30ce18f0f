import NIOCore
import Names
import WAMP
import WAMPClient

/// `wamp-sidecar subscribe`: a line for each event. On the event loop.
final class ClientSubscription: ClientWork {
    private let topic: URI
    private let options: SubscribeOptions
    /// The number of events; nil: no limit.
    private var wanted: Int?
    private weak var run: ClientRun?

    init(_ topic: URI, _ options: SubscribeOptions, count: Int?) {
        self.topic = topic
        self.options = options
        self.wanted = count
    }

    func joined(_ session: Session, in run: ClientRun) {
        self.run = run
        run.output.watch()
        session.subscribe(self.topic, options: self.options) { result in
            switch result {
            case .success: run.tell("subscribed to \(self.topic)")
            // The run reports why the session has ended.
            case .failure(let error) where error.code == .sessionClosed: break
            case .failure(let error): run.finish(.failed([ClientLine.text(error)]))
            }
        }
    }

    func received(_ event: Event) {
        guard let run = self.run else { return }
        if let fault = event.payload.fault {
            run.tell("event \(event.publication) skipped: \(fault)")
            return
        }
        run.output.write(ClientLine.event(event, topic: self.topic.text))
        guard let wanted = self.wanted else { return }
        self.wanted = wanted - 1
        if wanted <= 1 { run.finish() }
    }

    func revoked(reason: String?) {
        self.run?.finish(.failed(["the router revoked the subscription: \(reason ?? "no reason given")"]))
    }

    func interrupted() {
        self.run?.finish()
    }

    func writable() {}
}
