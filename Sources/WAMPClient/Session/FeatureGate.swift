import WAMP

/// What becomes of requests that need a feature which the router does not announce.
///
/// Options that only add something are left out. What would mean something else without the feature is refused: a pattern
/// would be taken for one URI, and an event with a list would go to everybody. A router that announces no feature of a
/// role at all may have some nevertheless: such a one is asked for the former, which do no harm, but not for the latter
/// (xconn 0.5.1 announces nothing, and ignores `match`, `exclude` and `eligible`). Each feature that is missed is news
/// once.
///
/// A value without I/O; its owner is the connection.
struct FeatureGate {
    /// What to do with a request.
    enum Verdict: Equatable {
        /// Send it as it is.
        case fits
        /// Send it without the options that need these.
        case without(RouterFeatures)
        /// Don't send it: it needs this.
        case refused(RouterFeature)
    }

    private let announced: RouterFeatures
    private let unspoken: RouterFeatures
    private var told: RouterFeatures = []
    /// Whether the dealer understands CANCEL.
    let hasCallCanceling: Bool
    /// Whether the dealer keeps the time of calls, in milliseconds as the specification has it.
    let hasCallTimeout: Bool

    /// The gate of a session.
    init(_ welcome: Welcome) {
        self.announced = welcome.features
        self.unspoken = welcome.unspokenFeatures
        self.hasCallCanceling = welcome.announces("call_canceling", role: .dealer)
        self.hasCallTimeout = welcome.announces("call_timeout", role: .dealer)
    }

    /// - Parameter needs: what the request's options need.
    /// - Returns: what to do, and the features that are missed for the first time in this session.
    mutating func judge(_ needs: RouterFeatures) -> (verdict: Verdict, news: [RouterFeature]) {
        let missing = needs.subtracting(self.announced)
        guard !missing.isEmpty else { return (.fits, []) }
        let news = missing.subtracting(self.told).all
        self.told.formUnion(missing)
        let asked = self.unspoken.subtracting(.indispensable)
        let denied = missing.subtracting(asked)
        if let refused = denied.intersection(.indispensable).all.first { return (.refused(refused), news) }
        return (denied.isEmpty ? .fits : .without(denied), news)
    }

    /// Whether the router is asked for it although it says nothing of it.
    func asksAnyway(for feature: RouterFeature) -> Bool {
        self.unspoken.subtracting(.indispensable).contains(RouterFeatures(feature))
    }
}
