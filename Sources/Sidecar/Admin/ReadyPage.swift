import NIOCore
import Names
import WAMP

/// What `/ready` says: whether work can flow, and what stands in the way.
enum ReadyPage {
    static func answer(_ readiness: ReadinessAnswer, to request: AdminRequest) -> AdminAnswer {
        let isReady =
            switch readiness {
            case .ready: true
            case .readyWithFaults: !request.asks(for: "faults=red")
            case .notReady: false
            }
        let headers = isReady ? [] : [(name: "Retry-After", value: "1")]
        guard request.prefersJSON else {
            return .text(isReady ? .ok : .serviceUnavailable, self.text(readiness), headers: headers)
        }
        var body = ByteBuffer()
        var fields = self.fields(readiness)
        fields["ready"] = .bool(isReady)
        JSON.write(.dictionary(fields), into: &body)
        return .json(isReady ? .ok : .serviceUnavailable, body, headers: headers)
    }

    /// The first line says how it is; of a sidecar that is not ready each line is a reason.
    static func text(_ readiness: ReadinessAnswer) -> String {
        switch readiness {
        case .ready(isStandby: false): return "ready"
        case .ready(isStandby: true): return "standby"
        case .readyWithFaults(let faults, _):
            let others = faults.others > 0 ? ["and \(faults.others) more"] : []
            return (["ready with faults"] + faults.named.map(self.line) + others).joined(separator: "\n")
        case .notReady(let reasons): return reasons.map(self.line).joined(separator: "\n")
        }
    }

    /// One line, whatever the reason has in it.
    private static func line(_ complaint: Complaint) -> String {
        var line = ""
        for scalar in "\(complaint.name): \(complaint.text)".unicodeScalars {
            line.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
        }
        return line
    }

    /// The same for programs.
    static func fields(_ readiness: ReadinessAnswer) -> [String: Value] {
        var fields: [String: Value] = ["ready": .bool(true), "reasons": .list([]), "faults": .list([])]
        switch readiness {
        case .ready(let isStandby):
            fields["state"] = .string(isStandby ? "standby" : "ready")
        case .readyWithFaults(let faults, let isStandby):
            fields["state"] = .string(isStandby ? "standby" : "ready")
            fields["faults"] = .list(faults.named.map(self.value))
            fields["other_faults"] = .integer(Int64(faults.others))
        case .notReady(let reasons):
            fields["ready"] = .bool(false)
            fields["state"] = .string("not ready")
            fields["reasons"] = .list(reasons.map(self.value))
        }
        return fields
    }

    private static func value(_ complaint: Complaint) -> Value {
        .dictionary(["name": .string(complaint.name), "reason": .string(complaint.text)])
    }
}
