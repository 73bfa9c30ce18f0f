import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration

/// One subscription of the mapping: its target, and the knowledge about it.
final class SubscriptionRoute {
    let mapping: SubscriptionMapping
    /// The topic, or the pattern of topics.
    var topic: URI { self.mapping.topic }
    /// Its place: `sidecar.yaml:12:3`.
    private(set) var place: String
    let timeout: TimeAmount
    let lane: LaneID
    let definition: ProcedureDefinition
    let pool: Pool
    /// Where its events are counted.
    let slot: SubscriptionSlot

    /// - Parameters:
    ///   - pool: the pool that runs it: one of the guest's, if `guest` names one.
    ///   - registration: its row, if SQL subscribed it.
    init(
        mapping: SubscriptionMapping, place: String, pool: Pool, slot: SubscriptionSlot,
        registration: RegistrationKey?, guest: String? = nil
    ) {
        self.slot = slot
        self.mapping = mapping
        self.place = place
        self.timeout = TimeAmount(mapping.timeout)
        self.pool = pool
        self.lane = pool.addLane(concurrency: mapping.concurrency)
        self.definition = ProcedureDefinition(
            use: .subscription(mapping.topic.text, function: mapping.function.value.text), place: place,
            target: .function(mapping.function.value),
            options: PlanOptions(mapping, isFromSQL: registration != nil), role: mapping.role, pool: pool,
            registration: registration, guest: guest)
    }

    /// It is mapped at another place.
    func move(to place: String) {
        self.place = place
        self.definition.place = place
    }

    /// The last event of it has ended.
    deinit {
        self.pool.removeLane(self.lane)
    }
}

extension PlanOptions {
    /// Takes a mapping's settings.
    fileprivate init(_ mapping: SubscriptionMapping, isFromSQL: Bool) {
        self.init(convention: Convention(mapping.convention, isFromSQL: isFromSQL))
    }
}
