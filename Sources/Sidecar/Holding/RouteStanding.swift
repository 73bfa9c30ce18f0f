/// A procedure or a subscription, and how it stands with it, for whoever looks.
struct RouteStanding: Equatable {
    /// Whether it works.
    enum State: String, Equatable {
        /// The router holds it, and what is behind it can be run.
        case works
        /// The router is being asked, or there is no session.
        case waits
        /// Another sidecar has it.
        case rests
        /// The router refuses it, or what is behind it can't be run.
        case faulty
    }

    /// The URI, or the pattern of URIs.
    let uri: String
    /// The function or statement.
    let target: String
    /// Where it is mapped: `sidecar.yaml:12:3`.
    let place: String
    let state: State
    /// Why it does not work.
    let reason: String?

    /// - Parameter fault: why what is behind it can't be run.
    init(uri: String, target: String, place: String, standing: RouterStanding, fault: String?) {
        self.uri = uri
        self.target = target
        self.place = place
        switch (standing, fault) {
        case (.refused(let words), _): (self.state, self.reason) = (.faulty, "the router refuses it: \(words)")
        case (_, .some(let fault)): (self.state, self.reason) = (.faulty, fault)
        case (.held, nil): (self.state, self.reason) = (.works, nil)
        case (.asked, nil), (.apart, nil): (self.state, self.reason) = (.waits, nil)
        case (.resting, nil): (self.state, self.reason) = (.rests, nil)
        }
    }
}
