import NIOCore
import Names
import SidecarConfiguration
import WAMP
import WAMPClient

extension Subscriptions {
    /// One mapped subscription, and the flow of its events. It is a subscription at the router.
    final class Entry: Holdable {
        static let terms = HoldingTerms(
            thing: "subscription", holding: "subscription",
            delays: HoldingDelays(
                backoff: Backoff(base: .seconds(8), greatest: .seconds(32)), shortest: .seconds(1),
                longestIfTaken: .seconds(32), weightOfRefusal: 1),
            takenError: nil, lead: .elsewhere)

        let route: SubscriptionRoute
        let context: EventContext
        let flow: any EventFlow
        /// It was removed, and events of it may still come.
        var mayReceive = false

        init(route: SubscriptionRoute, context: EventContext, flow: any EventFlow) {
            self.route = route
            self.context = context
            self.flow = flow
        }

        var uri: URI { self.route.topic }

        /// An event must run once: the leader subscribes.
        var isSingle: Bool { true }

        func ask(
            _ session: Session, mayForce: Bool, completion: @escaping (Result<SubscriptionID, RequestError>) -> Void
        ) {
            session.subscribe(
                self.route.topic, options: SubscribeOptions(self.route.mapping), completion: completion)
        }

        /// Events that cross UNSUBSCRIBE on the way still run.
        static func giveBack(
            _ id: SubscriptionID, to session: Session, completion: @escaping (Result<Void, RequestError>) -> Void
        ) {
            session.unsubscribe(id, completion: completion)
        }

        func observation(of news: HoldingNews) -> Observation {
            let topic = self.route.topic.text
            return switch news {
            case .granted: .subscribed(topic: topic)
            case .refused(let reason): .subscriptionRefused(topic: topic, place: self.route.place, reason: reason)
            case .revoked(let reason): .subscriptionRevoked(topic: topic, reason: reason)
            }
        }
    }
}

extension SubscribeOptions {
    /// The options of SUBSCRIBE.
    init(_ mapping: SubscriptionMapping) {
        self.init(match: mapping.match, getRetained: mapping.retained)
    }
}
