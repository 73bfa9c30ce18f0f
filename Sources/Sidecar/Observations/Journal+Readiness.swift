import Logging
import Names

/// The messages about readiness and faults.
extension Journal {
    func recordReady(procedures: Int, subscriptions: Int, channels: Int) {
        self.log(
            .info,
            "ready",
            metadata: [
                Key.procedures: "\(procedures)", Key.subscriptions: "\(subscriptions)", Key.channels: "\(channels)",
            ])
    }

    /// Their number, and a line for each that was not reported yet.
    func recordFaults(_ faults: ComplaintSummary, news: [Complaint]) {
        var metadata: Logger.Metadata = [Key.faults: "\(faults.count)"]
        if faults.others > 0 { metadata[Key.others] = "\(faults.others)" }
        self.log(.warning, "running with faults", metadata: metadata)
        for fault in news {
            self.log(.warning, "fault", metadata: [Key.name: "\(fault.name)", Key.reason: "\(fault.reason)"])
        }
    }

    func recordUsable(_ use: FunctionUse) {
        switch use {
        case .procedure(let uri):
            self.log(.notice, "procedure can be called now", metadata: [Key.procedure: "\(uri)"])
        case .subscription(let topic, let function):
            self.log(
                .notice,
                "function for events can be called now", metadata: [Key.topic: "\(topic)", Key.function: "\(function)"])
        case .result(let channel, let function):
            self.log(
                .notice,
                "function for results can be called now",
                metadata: [Key.channel: "\(channel)", Key.function: "\(function)"])
        }
    }

    func recordUnusable(_ use: FunctionUse, place: String, reason: String) {
        switch use {
        case .procedure(let uri):
            self.log(
                .error,
                "procedure can't be called",
                metadata: [Key.procedure: "\(uri)", Key.place: "\(place)", Key.reason: "\(reason)"])
        case .subscription(let topic, let function):
            self.log(
                .error,
                "function for events can't be called",
                metadata: [
                    Key.topic: "\(topic)", Key.function: "\(function)", Key.place: "\(place)",
                    Key.reason: "\(reason)",
                ])
        case .result(let channel, let function):
            self.log(
                .error,
                "function for results can't be called",
                metadata: [
                    Key.channel: "\(channel)", Key.function: "\(function)", Key.place: "\(place)",
                    Key.reason: "\(reason)",
                ])
        }
    }
}
