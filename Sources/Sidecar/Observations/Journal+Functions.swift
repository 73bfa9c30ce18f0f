import Functions
import Logging

/// What is written of the mapped functions.
extension Journal {
    func record(_ event: FunctionEvent) {
        switch event {
        case .usable(let use): self.recordUsable(use)
        case .unusable(let use, let place, let reason): self.recordUnusable(use, place: place, reason: reason)
        }
    }

    private func recordUsable(_ use: FunctionUse) {
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

    private func recordUnusable(_ use: FunctionUse, place: String, reason: String) {
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
