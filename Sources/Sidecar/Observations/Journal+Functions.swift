import Functions
import Logging

/// What is written of the mapped functions.
extension Journal {
    func record(_ event: FunctionEvent) {
        switch event {
        case .usable(let use, let role): self.recordUsable(use, Self.metadata(use, role))
        case .unusable(let use, let role, let place, let reason):
            var metadata = Self.metadata(use, role)
            metadata[Key.place] = "\(place)"
            metadata[Key.reason] = "\(reason)"
            self.recordUnusable(use, metadata)
        }
    }

    private func recordUsable(_ use: FunctionUse, _ metadata: Logger.Metadata) {
        switch use {
        case .procedure: self.log(.notice, "procedure can be called now", metadata: metadata)
        case .subscription: self.log(.notice, "function for events can be called now", metadata: metadata)
        case .result: self.log(.notice, "function for results can be called now", metadata: metadata)
        }
    }

    private func recordUnusable(_ use: FunctionUse, _ metadata: Logger.Metadata) {
        switch use {
        case .procedure: self.log(.error, "procedure can't be called", metadata: metadata)
        case .subscription: self.log(.error, "function for events can't be called", metadata: metadata)
        case .result: self.log(.error, "function for results can't be called", metadata: metadata)
        }
    }

    private static func metadata(_ use: FunctionUse, _ role: String?) -> Logger.Metadata {
        var metadata: Logger.Metadata =
            switch use {
            case .procedure(let uri): [Key.procedure: "\(uri)"]
            case .subscription(let topic, let function): [Key.topic: "\(topic)", Key.function: "\(function)"]
            case .result(let channel, let function): [Key.channel: "\(channel)", Key.function: "\(function)"]
            }
        if let role { metadata[Key.role] = "\(role)" }
        return metadata
    }
}
