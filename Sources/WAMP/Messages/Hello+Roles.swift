extension Hello {
    /// The details of HELLO: roles with the features that we have, and our identity.
    var details: [String: Value] {
        var details: [String: Value] = ["roles": .dictionary(Self.roles), "agent": .string(self.agent)]
        if !self.methods.isEmpty { details["authmethods"] = .list(self.methods.map { .string($0) }) }
        if let authid = self.authid { details["authid"] = .string(authid) }
        if !self.authextra.isEmpty { details["authextra"] = .dictionary(self.authextra) }
        return details
    }

    /// We announce what we implement. A callee's progressive results count only together with `call_canceling`.
    private static let roles: [String: Value] = [
        "publisher": features(["publisher_identification", "publisher_exclusion", "subscriber_blackwhite_listing"]),
        "subscriber": features([
            "publisher_identification", "pattern_based_subscription", "subscription_revocation",
        ]),
        "caller": features([
            "caller_identification", "call_canceling", "call_timeout", "progressive_call_results",
        ]),
        "callee": features([
            "caller_identification", "call_timeout", "call_canceling", "progressive_call_results",
            "pattern_based_registration", "shared_registration", "registration_revocation",
        ]),
    ]

    private static func features(_ names: [String]) -> Value {
        .dictionary(["features": .dictionary(Dictionary(uniqueKeysWithValues: names.map { ($0, .bool(true)) }))])
    }
}
