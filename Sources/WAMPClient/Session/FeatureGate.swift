import WAMP

/// What to do with requests that need a feature that the router does not announce.
///
/// Options that only add something are left out. A request that would mean something else without the feature is
/// refused: a pattern would be taken for one URI, and an event with a list would go to everybody. A router that
/// announces no features for a role at all may have some nevertheless: the harmless options are sent to it, the others
/// are not (xconn 0.5.1 announces nothing, and ignores `match`, `exclude` and `eligible`). Each missing feature is
/// reported once.
///
/// A value without I/O; its owner is the connection.
struct FeatureGate {
    /// What to do with a request.
    enum Verdict: Equatable {
        /// Send it unchanged.
        case fits
        /// Send it without the options that need these features.
        case without(RouterFeatures)
        /// Don't send it: it needs this feature.
        case refused(RouterFeature)
    }

    private let announced: RouterFeatures
    private let unannounced: RouterFeatures
    private var reported: RouterFeatures = []
    /// Whether the dealer understands CANCEL.
    let hasCallCanceling: Bool
    /// Whether the dealer limits the time of calls, in milliseconds as in the specification.
    let hasCallTimeout: Bool

    /// The gate of a session.
    init(_ welcome: Welcome) {
        self.announced = welcome.features
        self.unannounced = welcome.featuresOfSilentRoles
        self.hasCallCanceling = welcome.announces("call_canceling", role: .dealer)
        self.hasCallTimeout = welcome.announces("call_timeout", role: .dealer)
    }

    /// - Parameter needs: the features that the request's options need.
    /// - Returns: what to do, and the features that are missing for the first time in this session.
    mutating func judge(_ needs: RouterFeatures) -> (verdict: Verdict, news: [RouterFeature]) {
        let missing = needs.subtracting(self.announced)
        guard !missing.isEmpty else { return (.fits, []) }
        let news = missing.subtracting(self.reported).all
        self.reported.formUnion(missing)
        let asked = self.unannounced.subtracting(.indispensable)
        let denied = missing.subtracting(asked)
        if let refused = denied.intersection(.indispensable).all.first { return (.refused(refused), news) }
        return (denied.isEmpty ? .fits : .without(denied), news)
    }

    /// Whether the option is sent although the router says nothing about the feature.
    func asksAnyway(for feature: RouterFeature) -> Bool {
        self.unannounced.subtracting(.indispensable).contains(RouterFeatures(feature))
    }
}
