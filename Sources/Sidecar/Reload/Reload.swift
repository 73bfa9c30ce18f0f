import NIOCore
import NIOPosix
import Names
import SidecarConfiguration

/// Reads the configuration again while the sidecar runs. On the event loop. The driver of ``ReloadStateMachine``.
///
/// A file with a fault changes nothing: the one before stays in force, and readiness names the fault until a file
/// without one has been read.
final class Reload: Part {
    /// Reads and checks the file, on a thread where it may block.
    typealias Source = @Sendable () throws(ConfigurationFaults) -> Configuration

    /// How often the files are looked at.
    private static let interval = TimeAmount.seconds(5)
    /// For so long a changed file has to stay as it is before it is read: it may be written in pieces.
    private static let moment = TimeAmount.seconds(1)
    /// So many faults are reported to readiness; all are logged.
    private static let mostNamed = 20

    private let source: Source
    private let eventLoop: any EventLoop
    private let observer: (Observation) -> Void
    private let changed: () -> Void
    private var machine: ReloadStateMachine
    private var policy: ReloadPolicy
    private var timer: Scheduled<Void>?
    private var faults: [Fault] = []
    /// Uses a configuration; returns why it can't be used, nothing if it is.
    var use: (Configuration) -> [Fault] = { _ in [] }

    /// - Parameters:
    ///   - configuration: the one in force.
    ///   - changed: called whenever ``complaints`` may have changed.
    init(
        _ configuration: Configuration, source: @escaping Source, eventLoop: any EventLoop,
        observer: @escaping (Observation) -> Void, changed: @escaping () -> Void
    ) {
        self.source = source
        self.eventLoop = eventLoop
        self.observer = observer
        self.changed = changed
        self.policy = configuration.reload
        self.machine = ReloadStateMachine(known: configuration.files)
    }

    /// Begins to look at the files, if the configuration says so.
    func start() {
        self.lookLater()
    }

    /// The configuration is to be read now.
    func askFor() {
        self.run(self.machine.askedFor())
    }

    func follow(_ situation: Situation, from former: Situation) {
        guard situation.hasBegunToStop(since: former) else { return }
        self.machine.stop()
        self.timer?.cancel()
    }

    var faultKind: FaultKind? { .configuration }

    var complaints: ComplaintSummary {
        ComplaintSummary(
            named: self.faults.prefix(Self.mostNamed).map {
                Complaint(name: "configuration", reason: "the file was not reloaded: \($0)")
            }, others: max(self.faults.count - Self.mostNamed, 0))
    }

    private func run(_ action: ReloadStateMachine.Action) {
        switch action {
        case .nothing: break
        case .look: self.look()
        case .lookSoon:
            self.eventLoop.assumeIsolated().scheduleTask(in: Self.moment) { self.run(self.machine.timeToLookAgain()) }
        case .read: self.read()
        }
    }

    private func lookLater() {
        self.timer?.cancel()
        self.timer = nil
        guard case .watch = self.policy else { return }
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) {
            self.run(self.machine.timeToLook())
            self.lookLater()
        }
    }

    private func look() {
        let known = self.machine.known
        self.onThread({ known.map(\.now) }, completion: { self.run(self.machine.looked($0)) })
    }

    private func read() {
        let source = self.source
        self.onThread { () -> Result<Configuration, ConfigurationFaults> in
            do throws(ConfigurationFaults) {
                return .success(try source())
            } catch {
                return .failure(error)
            }
        } completion: { result in
            self.wasRead(result)
        }
    }

    private func wasRead(_ result: Result<Configuration, ConfigurationFaults>) {
        guard !self.machine.isStopped else { return }
        switch result {
        case .success(let configuration):
            let faults = self.use(configuration)
            if faults.isEmpty { self.policy = configuration.reload }
            self.found(faults)
            self.run(self.machine.wasRead(configuration.files))
        case .failure(let faults):
            self.found(faults.faults)
            self.run(self.machine.wasRead(faults.files))
        }
        if !self.machine.isStopped { self.lookLater() }
    }

    private func found(_ faults: [Fault]) {
        self.faults = faults
        if !faults.isEmpty { self.observer(.reloadRefused(faults)) }
        self.changed()
    }

    private func onThread<Value: Sendable>(
        _ body: @escaping @Sendable () -> Value, completion: @escaping (Value) -> Void
    ) {
        NIOThreadPool.singleton.runIfActive(eventLoop: self.eventLoop, body).assumeIsolated().whenSuccess(completion)
    }
}
