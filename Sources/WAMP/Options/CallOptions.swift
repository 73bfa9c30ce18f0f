/// The options of CALL.
package struct CallOptions: Sendable, Hashable {
    /// Milliseconds after which the dealer ends the call. Sent only if the dealer announces `call_timeout`, because
    /// Crossbar.io reads seconds. Our own clock ends the call in any case. A negative number means no timeout.
    package var timeout: Int64?
    /// Asks for progressive results.
    package var receiveProgress: Bool
    /// Discloses the caller to the callee, if the router allows it.
    package var discloseMe: Bool

    /// The defaults are what the router does without options.
    package init(timeout: Int64? = nil, receiveProgress: Bool = false, discloseMe: Bool = false) {
        self.timeout = timeout
        self.receiveProgress = receiveProgress
        self.discloseMe = discloseMe
    }

    /// The options to send: those that differ from the default.
    package var values: [String: Value] {
        var values: [String: Value] = [:]
        if let timeout, timeout > 0 { values["timeout"] = .integer(timeout) }
        if self.receiveProgress { values["receive_progress"] = .bool(true) }
        if self.discloseMe { values["disclose_me"] = .bool(true) }
        return values
    }
}

extension CallOptions: FeatureOptions {
    package var needs: RouterFeatures { self.receiveProgress ? RouterFeatures(.progressiveCallResults) : [] }

    package func without(_ features: RouterFeatures) -> CallOptions {
        var options = self
        if features.contains(RouterFeatures(.progressiveCallResults)) { options.receiveProgress = false }
        return options
    }
}
