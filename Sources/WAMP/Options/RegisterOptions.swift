package import Names

/// The options of REGISTER.
package struct RegisterOptions: Sendable, Hashable {
    /// How the URI is compared with those of calls.
    package var match: MatchPolicy
    /// How calls are spread over the callees.
    package var invoke: InvocationPolicy
    /// Asks the dealer to disclose callers.
    package var discloseCaller: Bool
    /// Takes the procedure from the session that holds it; Crossbar.io only.
    package var forceReregister: Bool
    /// How many calls the dealer runs on this callee at once; Crossbar.io only.
    package var concurrency: Int?

    /// The defaults are what the router does without options.
    package init(
        match: MatchPolicy = .exact, invoke: InvocationPolicy = .single, discloseCaller: Bool = false,
        forceReregister: Bool = false, concurrency: Int? = nil
    ) {
        self.match = match
        self.invoke = invoke
        self.discloseCaller = discloseCaller
        self.forceReregister = forceReregister
        self.concurrency = concurrency
    }

    /// The options to send: those that differ from the default.
    package var values: [String: Value] {
        var values: [String: Value] = [:]
        if self.match != .exact { values["match"] = .string(self.match.rawValue) }
        if self.invoke != .single { values["invoke"] = .string(self.invoke.rawValue) }
        if self.discloseCaller { values["disclose_caller"] = .bool(true) }
        if self.forceReregister { values["force_reregister"] = .bool(true) }
        if let concurrency, concurrency > 0 { values["concurrency"] = .integer(Int64(concurrency)) }
        return values
    }
}

extension RegisterOptions: FeatureOptions {
    package var needs: RouterFeatures {
        var needs = RouterFeatures()
        if self.match != .exact { needs.insert(RouterFeatures(.patternBasedRegistration)) }
        if self.invoke != .single { needs.insert(RouterFeatures(.sharedRegistration)) }
        return needs
    }

    package func without(_ features: RouterFeatures) -> RegisterOptions {
        var options = self
        if features.contains(RouterFeatures(.patternBasedRegistration)) { options.match = .exact }
        if features.contains(RouterFeatures(.sharedRegistration)) { options.invoke = .single }
        return options
    }
}
