import Functions
import Logging
import Names

/// The messages about readiness and faults.
extension Journal {
    func recordReady(procedures: Int, subscriptions: Int, channels: Int) {
        self.log(
            .info,
            "ready",
            metadata: [
                Key.procedures: .number(procedures), Key.subscriptions: .number(subscriptions),
                Key.channels: .number(channels),
            ])
    }

    /// Their number, and a line for each that was not reported yet.
    func recordFaults(_ faults: ComplaintSummary, news: [Complaint]) {
        var metadata: Logger.Metadata = [Key.faults: .number(faults.count)]
        if faults.others > 0 { metadata[Key.others] = .number(faults.others) }
        self.log(.warning, "running with faults", metadata: metadata)
        for fault in news {
            self.log(.warning, "fault", metadata: [Key.name: "\(fault.name)", Key.reason: "\(fault.reason)"])
        }
    }
}
