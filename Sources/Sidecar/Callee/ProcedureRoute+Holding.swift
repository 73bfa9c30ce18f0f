import NIOCore
import Names
import SidecarConfiguration
import WAMP
import WAMPClient

/// A procedure is a registration at the router.
///
/// A procedure that another session holds is tried again soon, until this one gets it.
extension ProcedureRoute: Holdable {
    static let terms = HoldingTerms(
        thing: "procedure", holding: "registration",
        delays: HoldingDelays(
            backoff: Backoff(base: .milliseconds(500), greatest: .seconds(32)), shortest: .milliseconds(500),
            longestIfTaken: .seconds(2), weightOfRefusal: 6),
        takenError: WAMPError.procedureAlreadyExists.text, lead: .undecided)

    /// Whether only one session can have it registered: of several sidecars, the leader's.
    var isSingle: Bool {
        switch self.mapping.invoke {
        case .single: true
        case .roundrobin, .random, .first, .last: false
        }
    }

    func ask(
        _ session: Session, mayForce: Bool, completion: @escaping (Result<RegistrationID, RequestError>) -> Void
    ) {
        let options = RegisterOptions(self, mayForce: mayForce, isCrossbar: session.welcome.isFromCrossbar)
        session.register(self.uri, options: options, completion: completion)
    }

    /// The procedure still answers calls that cross UNREGISTER on the way.
    static func giveBack(
        _ id: RegistrationID, to session: Session, completion: @escaping (Result<Void, RequestError>) -> Void
    ) {
        session.unregister(id, completion: completion)
    }

    func observation(of news: HoldingNews) -> Observation {
        switch news {
        case .granted: .registered(uri: self.uri.text)
        case .refused(let reason): .registrationRefused(uri: self.uri.text, place: self.place, reason: reason)
        case .revoked(let reason): .registrationRevoked(uri: self.uri.text, reason: reason)
        }
    }
}

extension RegisterOptions {
    /// The options of REGISTER.
    ///
    /// - Parameters:
    ///   - mayForce: false after another session took it by force.
    ///   - isCrossbar: whether the router knows `concurrency`: no other does, and there is no feature for it.
    init(_ route: ProcedureRoute, mayForce: Bool, isCrossbar: Bool) {
        self.init(
            match: route.mapping.match,
            invoke: route.mapping.invoke,
            discloseCaller: route.needsCaller,
            forceReregister: mayForce && route.mapping.forceReregister,
            concurrency: isCrossbar && route.mapping.announcesConcurrency ? route.mapping.concurrency : nil)
    }
}
