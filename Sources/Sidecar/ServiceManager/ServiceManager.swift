import NIOCore

/// Reports to the service manager that started the process: that it runs, how things stand, and signs of life. On the
/// event loop, which does the work: a loop that hangs gives no sign of life. The driver of
/// ``ServiceManagerStateMachine``.
final class ServiceManager: Part {
    /// What the manager did not take is tried again after this time.
    private static let retry = TimeAmount.seconds(1)

    private let watchdog: TimeAmount?
    private let eventLoop: any EventLoop
    private let send: (String) throws(ServiceManagerError) -> Void
    private let failed: (_ reason: String) -> Void
    private var machine = ServiceManagerStateMachine()
    private var again: Scheduled<Void>?

    /// - Parameters:
    ///   - watchdog: how long the manager waits for a sign of life; nil: it does not.
    ///   - send: sends a datagram.
    ///   - failed: called when the manager can't be reached, once for each reason.
    init(
        watchdog: TimeAmount?, eventLoop: any EventLoop,
        send: @escaping (String) throws(ServiceManagerError) -> Void, failed: @escaping (_ reason: String) -> Void
    ) {
        self.watchdog = watchdog
        self.eventLoop = eventLoop
        self.send = send
        self.failed = failed
    }

    /// Takes what the manager put into the environment; nil if its socket can't be used, which is reported.
    convenience init?(
        _ settings: ServiceManagerSettings, eventLoop: any EventLoop, failed: @escaping (_ reason: String) -> Void
    ) {
        let socket: ServiceManagerSocket
        do {
            socket = try ServiceManagerSocket(settings.address)
        } catch {
            failed(error.reason)
            return nil
        }
        self.init(
            watchdog: settings.watchdog.map { .microseconds($0) }, eventLoop: eventLoop,
            send: { message throws(ServiceManagerError) in try socket.send(message) }, failed: failed)
    }

    /// The file has been read.
    func start() {
        self.machine.started()
        self.report()
        self.giveSignOfLife()
    }

    /// How things stand, in one line.
    func changed(status: String) {
        self.machine.changed(status: status)
        self.report()
    }

    func follow(_ situation: Situation, from former: Situation) {
        guard situation.hasBegunToStop(since: former) else { return }
        self.machine.stopping()
        self.report()
    }

    private func report() {
        guard let message = self.machine.message, self.again == nil else { return }
        guard self.deliver(message) else {
            self.again = self.eventLoop.assumeIsolated().scheduleTask(in: Self.retry) { [weak self] in
                self?.again = nil
                self?.report()
            }
            return
        }
        self.machine.delivered()
    }

    /// Twice as often as the manager asks for. One that is lost is not sent again: the next is.
    private func giveSignOfLife() {
        guard let watchdog = self.watchdog else { return }
        _ = self.deliver(ServiceManagerStateMachine.signOfLife)
        let half = TimeAmount.nanoseconds(watchdog.nanoseconds / 2)
        _ = self.eventLoop.assumeIsolated().scheduleTask(in: half) { [weak self] in self?.giveSignOfLife() }
    }

    private func deliver(_ message: String) -> Bool {
        do {
            try self.send(message)
            return true
        } catch {
            if self.machine.failed(error.reason) { self.failed(error.reason) }
            return false
        }
    }
}
