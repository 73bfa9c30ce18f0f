import Names
import Postgres

/// The outages that the log has reported. One outage is one line, with another one for each reason that takes the place
/// of the last, and one when it is over. Pure.
struct Outages {
    /// What can be out.
    enum Subject: Hashable {
        /// The router at a URL.
        case router(ExactText)
        case database(ConnectionSettings.Part)
        /// Some of a part's connections, while there are others.
        case connections(ConnectionSettings.Part)
        /// The leader's session, which the relay ends with each attempt that fails.
        case leaderSession
        case callPort
        case adminPort
        /// The reading of what SQL registered.
        case registrations
        /// The emptying of the outbox.
        case relay

        static func router(at url: RouterURL) -> Self { .router(ExactText(url.description)) }
    }

    private var reasons: [Subject: ExactText] = [:]

    /// An attempt has failed, or something was lost.
    ///
    /// - Returns: whether that is news: the beginning of an outage, or another reason than the last one.
    mutating func happened(_ subject: Subject, _ reason: String) -> Bool {
        let reason = ExactText(reason)
        return self.reasons.updateValue(reason, forKey: subject) != reason
    }

    /// It works.
    ///
    /// - Returns: whether that is news: the end of an outage.
    @discardableResult
    mutating func ended(_ subject: Subject) -> Bool {
        self.reasons.removeValue(forKey: subject) != nil
    }

    /// A router has been joined: that the others can't be is of no interest any more.
    mutating func routerJoined() {
        self.reasons = self.reasons.filter { subject, _ in
            switch subject {
            case .router: false
            case .database, .connections, .leaderSession, .callPort, .adminPort, .registrations, .relay: true
            }
        }
    }

    /// Whether it is out.
    func isOut(_ subject: Subject) -> Bool { self.reasons[subject] != nil }
}
