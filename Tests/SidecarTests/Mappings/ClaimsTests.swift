import TestChecks
import Testing

@testable import Sidecar

@Suite("Which mapping counts")
struct ClaimsTests {
    private typealias Change = Claims<String, Int>.Change

    private static let (low, high) = (MappingRank(1), MappingRank(2))

    @Test("a thing that is mapped once is mapped")
    func one() {
        var claims = Claims<String, Int>()
        check(claims.claim("a", by: 1, rank: Self.low), [.begins(1)])
        check(claims.claim("b", by: 2, rank: Self.low), [.begins(2)])
        check(claims.giveUp(1), [.ends(1)])
        check(claims.giveUp(1), [])
        check(claims.claim("a", by: 3, rank: Self.low), [.begins(3)])
    }

    @Test("of equals the first one counts, and the next one follows it")
    func equals() {
        var claims = Claims<String, Int>()
        check(claims.claim("a", by: 1, rank: Self.low), [.begins(1)])
        check(claims.claim("a", by: 2, rank: Self.low), [.clashes(2, with: 1)])
        check(claims.claim("a", by: 3, rank: Self.low), [.clashes(3, with: 1)])
        check(claims.giveUp(1), [.ends(1), .begins(2), .clashes(3, with: 2)])
        check(claims.giveUp(3), [])
        check(claims.giveUp(2), [.ends(2)])
    }

    @Test("a higher rank replaces a lower one, which returns when the higher one is removed")
    func ranks() {
        var claims = Claims<String, Int>()
        check(claims.claim("a", by: 1, rank: Self.low), [.begins(1)])
        check(claims.claim("a", by: 2, rank: Self.high), [.ends(1), .begins(2), .clashes(1, with: 2)])
        check(claims.claim("a", by: 3, rank: Self.low), [.clashes(3, with: 2)])
        check(claims.claim("a", by: 4, rank: Self.high), [.clashes(4, with: 2)])
        check(claims.giveUp(2), [.ends(2), .begins(4), .clashes(1, with: 4), .clashes(3, with: 4)])
        check(claims.giveUp(4), [.ends(4), .begins(1), .clashes(3, with: 1)])
    }
}
