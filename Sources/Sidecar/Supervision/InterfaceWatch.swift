import Functions
import NIOCore
import Names
import Postgres
import SQLInterface

/// Checks at intervals whether an unusable SQL interface has changed: an administrator may install it at any time. On
/// the event loop.
final class InterfaceWatch: Part {
    private static let interval = TimeAmount.seconds(30)

    private let schema: String
    private let control: Control
    private let eventLoop: any EventLoop
    /// The requirements of the file that the interface does not fulfil.
    private let faults: (SelfInstallation.Outcome) -> [String]
    private let hasChanged: () -> Void
    private var timer: Scheduled<Void>?
    /// The look that found the interface unusable; nil if it is usable.
    private var unusable: Int?
    private(set) var complaints = ComplaintSummary()
    let faultKind: FaultKind? = .sqlInterface

    /// - Parameters:
    ///   - faults: the requirements of the file that this interface does not fulfil, a line each.
    ///   - hasChanged: called when the interface should be looked at in a new session for leading.
    init(
        schema: String, control: Control, eventLoop: any EventLoop,
        faults: @escaping (SelfInstallation.Outcome) -> [String], hasChanged: @escaping () -> Void
    ) {
        self.schema = schema
        self.control = control
        self.eventLoop = eventLoop
        self.faults = faults
        self.hasChanged = hasChanged
    }

    func follow(_ situation: Situation, from former: Situation) {
        if situation.hasBegunToStop(since: former) { self.end() }
        guard !situation.isStopping, situation.hasLooked(since: former), let interface = situation.interface else {
            return
        }
        self.end()
        self.complaints = ComplaintSummary(
            named: self.faults(interface.outcome).map { Complaint(name: "SQL interface", reason: $0) })
        guard !interface.isUsable else { return }
        self.unusable = interface.look
        self.lookLater(after: interface.outcome.footprint)
    }

    private func end() {
        self.unusable = nil
        self.timer?.cancel()
    }

    private func lookLater(after footprint: String?) {
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) { self.look(after: footprint) }
    }

    private func look(after footprint: String?) {
        let unusable = self.unusable
        var values = Parameters()
        values.append(self.schema)
        self.control.query(SelfInstallation.footprint, values) { result in
            // A new session for leading may have looked meanwhile.
            guard let unusable, self.unusable == unusable else { return }
            guard case .success(let rows) = result, (rows.values.first?.first ?? nil) != footprint else {
                return self.lookLater(after: footprint)
            }
            self.hasChanged()
        }
    }
}
