import Names
import WAMP
import WAMPClient

/// A thing that a router can hold for us. Two are the same only if they are one object.
protocol Holdable: AnyObject, Hashable {
    associatedtype ID: Hashable
    associatedtype Host: HoldingSession

    /// What is particular about things of its kind.
    static var terms: HoldingTerms { get }
    /// The procedure, or the topic.
    var uri: URI { get }
    /// Whether only the leader of several sidecars holds it.
    var isSingle: Bool { get }

    /// Asks the session's router for it.
    ///
    /// - Parameters:
    ///   - mayForce: false after it was taken from us by force.
    ///   - completion: called once, also when the session ends.
    func ask(_ session: Host, mayForce: Bool, completion: @escaping (Result<ID, RequestError>) -> Void)
    /// Gives back what the session's router holds under an id.
    static func giveBack(_ id: ID, to session: Host, completion: @escaping (Result<Void, RequestError>) -> Void)
    /// What the log has of it.
    func observation(of news: HoldingNews) -> Observation
}

/// What is worth reporting of a thing that the router holds.
enum HoldingNews: Equatable {
    case granted
    case refused(reason: String)
    case revoked(reason: String)
}

/// A session of which something is held.
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
