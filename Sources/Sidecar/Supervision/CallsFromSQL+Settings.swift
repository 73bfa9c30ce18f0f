import CallPort
import Cryptography
import Functions
import NIOCore
import Outbox
import SidecarConfiguration

extension CallsFromSQL {
    /// The descriptors that are reserved for everything but clients and calls: router, database, files, and the
    /// libraries' own.
    private static let descriptors = 64

    /// Takes the file's settings.
    ///
    /// - Parameters:
    ///   - schema: the schema of the SQL interface, as an identifier.
    ///   - giveWay: called when another sidecar should lead for a ``PortYield/pause``.
    convenience init(
        _ configuration: Configuration, version: String, schema: String, eventLoop: any EventLoop, pools: Pools,
        situation: CurrentSituation, observer: @escaping (Observation) -> Void, changed: @escaping () -> Void,
        giveWay: @escaping () -> Void
    ) throws {
        var port: CallPort?
        var announced: PortAnnouncement.Port?
        if let settings = configuration.caller {
            let spared =
                Self.descriptors + 2 * configuration.database.connections + Guests.descriptors(configuration.database)
            let portSettings = try CallPort.Configuration(settings, descriptors: DescriptorLimit.raise() - spared)
            let server = ForeignServer(settings, isBound: portSettings.bindsTLS)
            announced = PortAnnouncement.Port(options: server.options, password: portSettings.password.text)
            let opened = try CallPort(
                configuration: portSettings, version: version, eventLoop: eventLoop,
                status: { [weak situation] in situation?.now.status(sessions: $0) ?? [] },
                observer: { observer(.callPort($0)) })
            opened.waitingChanged = { pools.backend($0, waits: $1) }
            opened.listeningChanged = { [weak situation] isListening in
                situation?.change { $0.isPortListening = isListening }
            }
            port = opened
        }
        self.init(
            port: port, wantedSessions: configuration.caller?.sessions ?? 0,
            announcement: PortAnnouncement(
                schema: schema, port: announced, eventLoop: eventLoop, observer: observer, changed: changed),
            yield: PortYield(eventLoop: eventLoop) {
                observer(.leadershipLeft(reason: "the call port can't be opened"))
                giveWay()
            },
            observer: { observer(.callPort($0)) })
    }
}

extension Situation {
    /// The state, for people who ask at the call port: one row, a column each.
    ///
    /// - Parameter sessions: the clients of the call port.
    fileprivate func status(sessions: Int) -> [CallPortAnswer.Field] {
        let role =
            switch self.leadership {
            case .unknown: "unknown"
            case .leader: "leader"
            case .standby(let holder): "standby; \(holder) leads"
            }
        return [
            CallPortAnswer.Field(name: "version", value: Sidecar.version),
            CallPortAnswer.Field(name: "router", value: self.session == nil ? "not joined" : "joined"),
            CallPortAnswer.Field(name: "database", value: self.isDatabaseAvailable ? "available" : "not available"),
            CallPortAnswer.Field(name: "leadership", value: role),
            CallPortAnswer.Field(name: "sessions", value: "\(sessions)"),
        ]
    }
}
