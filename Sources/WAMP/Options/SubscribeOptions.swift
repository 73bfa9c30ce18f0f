package import Names

/// The options of SUBSCRIBE.
package struct SubscribeOptions: Sendable, Hashable {
    /// How the topic is compared with those of events.
    package var match: MatchPolicy
    /// Asks for the last retained event immediately; Crossbar.io only.
    package var getRetained: Bool

    /// The defaults are what the router does without options.
    package init(match: MatchPolicy = .exact, getRetained: Bool = false) {
        self.match = match
        self.getRetained = getRetained
    }

    /// The options to send: those that differ from the default.
    package var values: [String: Value] {
        var values: [String: Value] = [:]
        if self.match != .exact { values["match"] = .string(self.match.rawValue) }
        if self.getRetained { values["get_retained"] = .bool(true) }
        return values
    }
}

extension SubscribeOptions: FeatureOptions {
    package var needs: RouterFeatures {
        var needs = RouterFeatures()
        if self.match != .exact { needs.insert(RouterFeatures(.patternBasedSubscription)) }
        if self.getRetained { needs.insert(RouterFeatures(.eventRetention)) }
        return needs
    }

    package func without(_ features: RouterFeatures) -> SubscribeOptions {
        var options = self
        if features.contains(RouterFeatures(.patternBasedSubscription)) { options.match = .exact }
        if features.contains(RouterFeatures(.eventRetention)) { options.getRetained = false }
        return options
    }
}
