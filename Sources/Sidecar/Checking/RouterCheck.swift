import NIOCore
import Names
import SidecarConfiguration
import WAMP
import WAMPClient

/// Joins the router and leaves again. On the event loop; keeps itself alive until it is done.
final class RouterCheck: RouterDelegate {
    private let configuration: Configuration
    private let eventLoop: any EventLoop
    private let patience: TimeAmount
    private let routerConfiguration: RouterConfiguration
    private var router: Router?
    private var timer: Scheduled<Void>?
    private var failures: [RouterURL: String] = [:]
    private var completion: (([String]) -> Void)?

    init(_ configuration: Configuration, eventLoop: any EventLoop, patience: TimeAmount) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.patience = patience
        self.routerConfiguration = Sidecar.connection(configuration.router)
    }

    func run(completion: @escaping ([String]) -> Void) {
        self.completion = completion
        let router = Router(configuration: self.routerConfiguration, eventLoop: self.eventLoop, delegate: self)
        self.router = router
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: self.patience) {
            self.finish([
                "\(self.place(of: nil)): router: no answer for \(self.patience.nanoseconds / 1_000_000_000) s"
            ])
        }
        router.start()
    }

    /// The place of a URL; the first one's place if it isn't known.
    private func place(of url: RouterURL?) -> String {
        let urls = self.configuration.router.urls
        let found = urls.first { $0.value == url } ?? urls.first
        return self.configuration.place(found?.location ?? self.configuration.router.location)
    }

    private func finish(_ faults: [String]) {
        guard let completion = self.completion else { return }
        self.completion = nil
        self.timer?.cancel()
        self.router?.stop {
            self.router = nil
            completion(faults)
        }
    }

    func joined(_ session: Session) {
        self.finish([])
    }

    func observed(_ event: RouterEvent) {
        switch event {
        case .connectFailed(let url, let fault, _), .credentialsRefused(let url, let fault, _),
            .distrusted(let url, let fault, _):
            self.failures[url] = "\(self.place(of: url)): router \(url): \(fault.message)"
            // Each of several URLs gets its turn; one that works is enough.
            guard self.failures.count == Set(self.routerConfiguration.urls).count else { return }
            self.finish(self.failures.values.sorted())
        case .connecting, .serializerRefused, .joined, .left, .featureMissing, .dropped, .askedAgain,
            .writabilityChanged, .stopped:
            break
        }
    }

    func left(_ session: Session, reason: SessionEnd) {}
    func received(_ invocation: Invocation, in session: Session) {}
    func received(_ interrupt: Interrupt, in session: Session) {}
    func received(_ event: Event, in session: Session) {}
    func revoked(_ registration: RegistrationID, reason: String?, in session: Session) {}
    func revoked(_ subscription: SubscriptionID, reason: String?, in session: Session) {}
    func writabilityChanged(_ isWritable: Bool, in session: Session) {}
}
