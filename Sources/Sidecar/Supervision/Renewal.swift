import NIOCore
import SidecarConfiguration

/// Runs the supervisor, and replaces it by another one where a changed file needs new sessions with both sides.
/// On the event loop.
///
/// The former one ends as the process would: what runs may finish. Then the other one begins.
final class Renewal {
    /// For so long a former supervisor is kept: answers that it has asked for may still come.
    private static let patience = TimeAmount.seconds(10)

    private enum State {
        case new
        case running(Supervisor)
        /// The next one begins when this one has ended.
        case ending(Supervisor, next: Supervisor, isReloadAskedFor: Bool)
        case stopping(Supervisor)
    }

    private let make: (Configuration, Renewal) throws -> Supervisor
    private let eventLoop: any EventLoop
    private var state = State.new
    /// Called when the process may end.
    private var stopped: ((ShutdownStateMachine.Outcome) -> Void)?

    /// - Parameter make: makes a supervisor, which asks the renewal for another one.
    init(eventLoop: any EventLoop, make: @escaping (Configuration, Renewal) throws -> Supervisor) {
        self.eventLoop = eventLoop
        self.make = make
    }

    /// Starts the first supervisor.
    func start(_ configuration: Configuration) throws {
        self.run(try self.make(configuration, self))
    }

    /// SIGHUP came.
    func askForReload() {
        switch self.state {
        case .running(let supervisor): supervisor.askForReload()
        case .ending(let former, let next, _): self.state = .ending(former, next: next, isReloadAskedFor: true)
        case .new, .stopping: break
        }
    }

    /// Another supervisor is to run with this configuration.
    ///
    /// - Throws: why it can't be made; then the present one goes on.
    func renew(_ configuration: Configuration) throws {
        guard case .running(let former) = self.state else { return }
        self.state = .ending(former, next: try self.make(configuration, self), isReloadAskedFor: false)
        former.stop(because: .renewal) { outcome in
            self.keep(former)
            switch self.state {
            case .ending(_, let next, let isReloadAskedFor):
                self.run(next)
                if isReloadAskedFor { next.askForReload() }
            case .stopping: self.stopped?(outcome)
            case .new, .running: break
            }
        }
    }

    /// Ends the supervisor that runs. `completion` is called once, in time.
    func stop(completion: @escaping (ShutdownStateMachine.Outcome) -> Void) {
        self.stopped = completion
        switch self.state {
        case .running(let supervisor):
            self.state = .stopping(supervisor)
            supervisor.stop(because: .process, completion: completion)
        case .ending(let former, _, _):
            self.state = .stopping(former)
            former.stops(because: .process)
        case .new, .stopping: break
        }
    }

    private func run(_ supervisor: Supervisor) {
        self.state = .running(supervisor)
        supervisor.start()
    }

    private func keep(_ former: Supervisor) {
        self.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { withExtendedLifetime(former) {} }
    }
}
