import NIOCore
import Postgres
import TestChecks
import Testing
import WAMP

@testable import Sidecar

@Suite("Unprocessed messages from the router, in octets")
struct RouterBudgetTests {
    private let one = Receiver()
    private let other = Receiver()

    /// A procedure or a subscription.
    private final class Receiver {}

    private static func payload(_ octets: Int) -> Payload {
        Payload(arguments: ByteBuffer(repeating: 0x20, count: octets))
    }

    @Test("a place is freed with its holder")
    func places() {
        let budget = RouterBudget(mostOctets: 100_000)
        budget.parties = 1
        var shares = [RouterBudget.Share]()
        while let share = budget.admit(Self.payload(10_000), of: FairShares.Party(self.one)) { shares.append(share) }
        check(shares.count, 9)
        shares.removeFirst()
        check(budget.admit(Self.payload(10_000), of: FairShares.Party(self.one)) != nil, true)
    }

    @Test("one message is accepted, however large; a party that fills the room leaves others theirs")
    func shares() {
        let budget = RouterBudget(mostOctets: 100_000)
        budget.parties = 2
        check(budget.admit(Self.payload(1_000_000), of: FairShares.Party(self.one)) != nil, true)
        var shares = [RouterBudget.Share]()
        while let share = budget.admit(Self.payload(10_000), of: FairShares.Party(self.one)) { shares.append(share) }
        check(shares.count, 7)
        check(budget.admit(Self.payload(20_000), of: FairShares.Party(self.other)) != nil, true)
        withExtendedLifetime(shares) {}
    }

    @Test("a message that keeps much more memory than it needs gets its own")
    func memory() throws {
        let read = ByteBuffer(repeating: 0x20, count: 1 << 20)
        var payload = Payload(arguments: read.getSlice(at: 5, length: 30))
        payload.compact(always: false)
        check(payload.arguments?.storageCapacity ?? .max < 100, true)
        let small = Payload(arguments: ByteBuffer(repeating: 0x20, count: 10_000).getSlice(at: 5, length: 30))
        var compact = small
        compact.compact(always: false)
        check(compact.arguments?.storageCapacity ?? 0 >= 10_000, true)
        compact.compact(always: true)
        check(compact.arguments?.storageCapacity ?? .max < 100, true)
        check(compact == small, true)
    }
}
