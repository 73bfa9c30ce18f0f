import Logging
import NIOCore
import Postgres
import WAMP
import WAMPClient

/// Turns observations into lines of the log: one for each change of state, none for each call. On the event loop.
///
/// What can happen a thousand times a second is counted, and told with its count at most every ten seconds.
final class Journal {
    private static let interval = TimeAmount.seconds(10)

    let logger: Logger
    private let eventLoop: any EventLoop
    private var failures: [ConnectionSettings.Part: String] = [:]
    private var counts: [String: Count] = [:]

    private struct Count {
        var total = 0
        var untold = 0
        var last: (message: Logger.Message, metadata: Logger.Metadata)
    }

    init(logger: Logger, eventLoop: any EventLoop) {
        self.logger = logger
        self.eventLoop = eventLoop
    }

    func record(_ observation: Observation) {
        switch observation {
        case .starting(let version, let configuration):
            self.logger.info("starting", metadata: [Key.version: "\(version)", Key.configuration: "\(configuration)"])
        case .router(let event): self.record(event)
        case .database(let event): self.record(event)
        case .caller(let event): self.record(event)

        case .registered(let uri):
            self.logger.debug("procedure registered", metadata: [Key.procedure: "\(uri)"])
        case .registrationRefused(let uri, let place, let reason):
            self.logger.error(
                "procedure not registered",
                metadata: [Key.procedure: "\(uri)", Key.place: "\(place)", Key.reason: "\(reason)"])
        case .registrationRevoked(let uri, let reason):
            self.logger.warning(
                "registration revoked by the router", metadata: [Key.procedure: "\(uri)", Key.reason: "\(reason)"])
        case .procedureUsable(let uri):
            self.logger.notice("procedure can be called now", metadata: [Key.procedure: "\(uri)"])
        case .procedureUnusable(let uri, let place, let reason):
            self.logger.error(
                "procedure can't be called",
                metadata: [Key.procedure: "\(uri)", Key.place: "\(place)", Key.reason: "\(reason)"])
        case .callFailed(let uri, let error):
            self.logger.debug("call failed", metadata: [Key.procedure: "\(uri)", Key.error: "\(error)"])

        case .notificationDropped(let channel, let place, let reason):
            self.count(
                "drop \(channel)", "notification dropped",
                [Key.channel: "\(channel)", Key.place: "\(place)", Key.reason: "\(reason)"])
        case .notificationCallFailed(let channel, let procedure, let reason):
            self.count(
                "call \(channel)", "call for a notification failed",
                [Key.channel: "\(channel)", Key.procedure: "\(procedure)", Key.reason: "\(reason)"])
        case .notificationResultFailed(let channel, let function, let reason):
            self.count(
                "result \(channel)", "result of a call for a notification not taken",
                [Key.channel: "\(channel)", Key.function: "\(function)", Key.reason: "\(reason)"])

        case .ready(let procedures, let channels):
            self.logger.info("ready", metadata: [Key.procedures: "\(procedures)", Key.channels: "\(channels)"])
        case .readyWithFaults(let faults):
            self.logger.warning("running with faults", metadata: [Key.faults: "\(faults.joined(separator: "; "))"])
        case .notReady(let needs):
            self.logger.warning("not ready", metadata: [Key.reason: "\(needs.joined(separator: "; "))"])

        case .reloadUnsupported:
            self.logger.warning("SIGHUP ignored: this version does not reload its configuration; restart it instead")
        case .stopping(let signal):
            self.logger.info("stopping", metadata: [Key.signal: "\(signal)"])
        case .stoppedInTime:
            self.logger.info("stopped")
        case .stoppedTooLate(let unanswered):
            self.logger.warning(
                unanswered ? "stopped with calls unfinished" : "stopped without the router's goodbye")
        }
    }

    private func record(_ event: RouterEvent) {
        switch event {
        case .connecting(let url):
            self.logger.debug("connecting to the router", metadata: [Key.router: "\(url)"])
        case .connectFailed(let url, let fault, let wait):
            self.logger.warning(
                "router not available",
                metadata: [Key.router: "\(url)", Key.reason: "\(fault.message)", Key.retryIn: "\(Self.text(wait))"])
        case .credentialsRefused(let url, let fault, let wait):
            self.logger.error(
                "router refuses the credentials",
                metadata: [Key.router: "\(url)", Key.reason: "\(fault.message)", Key.retryIn: "\(Self.text(wait))"])
        case .joined(let url, let session, let realm, let agent, let authid, let authrole):
            self.logger.info(
                "router joined",
                metadata: [
                    Key.router: "\(url)", Key.realm: "\(realm)", Key.session: "\(session)",
                    Key.agent: "\(agent ?? "unknown")",
                    Key.authid: "\(authid ?? "none")", Key.authrole: "\(authrole ?? "none")",
                ])
        case .left(let url, let session, let fault, let wait):
            guard let wait else {
                self.logger.info("router left", metadata: [Key.router: "\(url)", Key.session: "\(session)"])
                return
            }
            self.logger.warning(
                "router lost",
                metadata: [
                    Key.router: "\(url)", Key.session: "\(session)", Key.reason: "\(fault.message)",
                    Key.retryIn: "\(Self.text(wait))",
                ])
        case .dropped(let kind):
            self.logger.debug("message of the router ignored", metadata: [Key.reason: "\(kind.rawValue)"])
        case .writabilityChanged(let isWritable):
            self.logger.debug(isWritable ? "the router reads again" : "the router reads slowly")
        case .stopped:
            self.logger.debug("router side stopped")
        }
    }

    private func record(_ event: DatabaseEvent) {
        switch event {
        case .connected(let part, let backend, let version):
            self.failures[part] = nil
            self.logger.debug(
                "database connected",
                metadata: [Key.part: "\(part.rawValue)", Key.backend: "\(backend)", Key.serverVersion: "\(version)"])
        case .connectFailed(let part, let failure):
            let isNews = self.failures.updateValue(failure.description, forKey: part) != failure.description
            self.logger.log(
                level: isNews ? .warning : .debug, "database not available",
                metadata: [Key.part: "\(part.rawValue)", Key.reason: "\(failure)"])
        case .lost(let part, let reason):
            self.logger.warning(
                "database connection lost", metadata: [Key.part: "\(part.rawValue)", Key.reason: "\(reason)"])
        case .callsAvailable:
            self.logger.info("database available")
        case .callsUnavailable(let reason):
            self.logger.warning("database lost", metadata: [Key.reason: "\(reason)"])
        case .listening(let channels):
            self.logger.info("listening for notifications", metadata: [Key.channels: "\(channels)"])
        }
    }

    /// Tells the first of its kind at once, and how many others there were every ten seconds.
    func count(_ key: String, _ message: Logger.Message, _ metadata: Logger.Metadata) {
        if self.counts[key]?.untold != nil {
            self.counts[key]?.total += 1
            self.counts[key]?.untold += 1
            self.counts[key]?.last = (message, metadata)
            return
        }
        self.counts[key] = Count(total: 1, last: (message, metadata))
        self.logger.warning(message, metadata: metadata)
        self.tellLater(key)
    }

    private func tellLater(_ key: String) {
        self.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) {
            guard let count = self.counts[key] else { return }
            guard count.untold > 0 else {
                self.counts[key] = nil
                return
            }
            var metadata = count.last.metadata
            metadata[Key.count] = "\(count.untold)"
            metadata[Key.total] = "\(count.total)"
            self.counts[key]?.untold = 0
            self.logger.warning(count.last.message, metadata: metadata)
            self.tellLater(key)
        }
    }

    private static func text(_ wait: TimeAmount) -> String {
        "\(wait.nanoseconds / 1_000_000) ms"
    }

    /// The keys of the log's metadata.
    enum Key {
        static let address = "address"
        static let agent = "agent"
        static let authid = "authid"
        static let authrole = "authrole"
        static let backend = "backend"
        static let channel = "channel"
        static let channels = "channels"
        static let configuration = "configuration"
        static let count = "count"
        static let error = "error"
        static let faults = "faults"
        static let from = "from"
        static let function = "function"
        static let limit = "limit"
        static let part = "part"
        static let place = "place"
        static let procedure = "procedure"
        static let procedures = "procedures"
        static let realm = "realm"
        static let reason = "reason"
        static let retryIn = "retry_in"
        static let router = "router"
        static let serverVersion = "server_version"
        static let session = "session"
        static let signal = "signal"
        static let total = "total"
        static let user = "user"
        static let version = "version"
    }
}
