/// The options of REGISTER.
package struct RegisterOptions: Sendable, Hashable {
    /// How the URI is compared with those of calls.
    package var match: MatchPolicy
    /// How calls are spread over the callees.
    package var invoke: InvocationPolicy
    /// Asks the dealer to tell who calls.
    package var discloseCaller: Bool
    /// Takes the procedure from whoever holds it; Crossbar.io only.
    package var forceReregister: Bool

    /// The defaults are what the router does without options.
    package init(
        match: MatchPolicy = .exact, invoke: InvocationPolicy = .single, discloseCaller: Bool = false,
        forceReregister: Bool = false
    ) {
        self.match = match
        self.invoke = invoke
        self.discloseCaller = discloseCaller
        self.forceReregister = forceReregister
    }

    /// What is sent: only what is not the default.
    package var values: [String: Value] {
        var values: [String: Value] = [:]
        if self.match != .exact { values["match"] = .string(self.match.rawValue) }
        if self.invoke != .single { values["invoke"] = .string(self.invoke.rawValue) }
        if self.discloseCaller { values["disclose_caller"] = .bool(true) }
        if self.forceReregister { values["force_reregister"] = .bool(true) }
        return values
    }
}
