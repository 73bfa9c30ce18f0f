import Names
import WAMP
import WAMPClient

/// A thing that a router can hold for the sidecar. Two are the same only if they are one object.
protocol Holdable: AnyObject, Hashable {
    associatedtype ID: Hashable
    associatedtype Host: HoldingSession

    /// The particulars of its kind.
    static var terms: HoldingTerms { get }
    /// The procedure, or the topic.
    var uri: URI { get }
    /// Whether only the leader of several sidecars holds it.
    var isSingle: Bool { get }

    /// Requests it from the session's router.
    ///
    /// - Parameters:
    ///   - mayForce: false after another session took it by force.
    ///   - completion: called once, also when the session ends.
    func ask(_ session: Host, mayForce: Bool, completion: @escaping (Result<ID, RequestError>) -> Void)
    /// Returns to the router the holding with this id.
    static func giveBack(_ id: ID, to session: Host, completion: @escaping (Result<Void, RequestError>) -> Void)
    /// The observation for the log.
    func observation(of news: HoldingNews) -> Observation
}

/// A reportable change of a holding.
enum HoldingNews: Equatable {
    case granted
    case refused(reason: String)
    case revoked(reason: String)
}

/// A session in which something is held.
protocol HoldingSession: AnyObject {
    /// Ends it, so that another begins.
    func abandon(_ reason: String)
}

extension Session: HoldingSession {}

extension Holdable {
    static func == (one: Self, other: Self) -> Bool { one === other }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}
