import CallPort
import NIOCore
import NIOHTTP1
import NIOOpenSSL
import Names
import SidecarConfiguration

/// The port at which people and monitoring look at the sidecar. On the event loop, which is the one that works: if it
/// does not turn, nobody gets an answer, and that is the answer.
final class AdminPort: Part {
    private var settings: AdminSettings
    private let eventLoop: any EventLoop
    private let observer: (PortEvent) -> Void
    private let changed: () -> Void
    private let reserve = DescriptorReserve()
    private let makeSite: (AdminSettings) -> AdminSite
    private var site: AdminSite
    private var listener: PortListener?
    private var connections = AdminConnections()
    private var open: [Int: AdminConnection] = [:]
    private var lastNumber = 0
    /// Why it does not listen; nil if it does, or has not tried.
    private var obstacle: String?

    /// - Parameters:
    ///   - changed: called whenever ``complaints`` may have changed.
    ///   - site: makes the pages that the settings name.
    init(
        _ settings: AdminSettings, eventLoop: any EventLoop, observer: @escaping (PortEvent) -> Void,
        changed: @escaping () -> Void, site: @escaping (AdminSettings) -> AdminSite
    ) {
        self.settings = settings
        self.makeSite = site
        self.site = site(settings)
        self.eventLoop = eventLoop
        self.observer = observer
        self.changed = changed
    }

    func follow(_ situation: Situation, from former: Situation) {}

    /// Begins to listen; goes on trying if that can't be done yet.
    func start() {
        let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
        let listener = PortListener(
            PortPlace(self.settings.listen.value), eventLoop: self.eventLoop,
            observer: { [weak self] in self?.told($0) }, isFullUntil: { nil },
            giveUpDescriptor: { [weak self] in self?.giveUpDescriptor() ?? false }
        ) { channel in
            channel.setOption(.writeBufferWaterMark, value: Self.unsent).flatMapThrowing {
                try bound.value.accept(channel)
            }
        }
        self.listener = listener
        listener.start()
    }

    /// Other settings hold from now on, of the same address. Connections that have been accepted keep their TLS.
    func take(_ settings: AdminSettings) {
        self.settings = settings
        self.site = self.makeSite(settings)
    }

    var faultKind: FaultKind? { .adminPort }

    var complaints: ComplaintSummary {
        ComplaintSummary(named: self.obstacle.map { [Complaint(name: "admin port", reason: $0)] } ?? [])
    }

    /// Until here it can be seen how the sidecar stops.
    func stop() {
        self.listener?.stop()
        self.listener = nil
        for connection in Array(self.open.values) { connection.close() }
    }

    private static let unsent = ChannelOptions.Types.WriteBufferWaterMark(
        low: AdminConnection.mostUnsent / 2, high: AdminConnection.mostUnsent)

    private func told(_ event: PortEvent) {
        switch event {
        case .listening: self.obstacle = nil
        case .notListening(let address, let reason, _): self.obstacle = "can't listen at \(address): \(reason)"
        case .cannotAccept: break
        }
        self.observer(event)
        self.changed()
    }

    // MARK: - Connections

    private func accept(_ channel: any Channel) throws {
        self.lastNumber += 1
        let connection = AdminConnection(number: self.lastNumber, owner: self) { [weak self] in
            self?.site.answer($0) ?? .last(.serviceUnavailable, "the sidecar stops")
        }
        let pipeline = channel.pipeline.syncOperations
        if let tls = self.settings.tls { try pipeline.addHandler(OpenSSLHandler(tls)) }
        try pipeline.addHandlers([
            HeadGuard(), HTTPResponseEncoder(), ByteToMessageHandler(HTTPRequestDecoder()), connection,
        ])
        self.open[connection.number] = connection
        if let quietest = self.connections.arrived(connection.number) { self.open[quietest]?.close() }
    }

    /// Whoever is silent gives way to whoever comes.
    private func giveUpDescriptor() -> Bool {
        if self.reserve.spend() { return true }
        guard let quietest = self.connections.quietest, let connection = self.open[quietest] else { return false }
        self.connections.left(quietest)
        connection.close()
        // What it held may be held in reserve by now.
        return self.reserve.spend()
    }
}

extension AdminPort: AdminConnectionOwner {
    func answered(_ connection: AdminConnection) {
        self.connections.answered(connection.number)
    }

    func ended(_ connection: AdminConnection) {
        self.connections.left(connection.number)
        self.open[connection.number] = nil
        self.reserve.refill()
    }
}
