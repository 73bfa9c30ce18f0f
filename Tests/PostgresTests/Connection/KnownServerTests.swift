import TestChecks
import Testing

@testable import Postgres

@Suite("Which server connections may be to")
struct KnownServerTests {
    private static func server(_ system: String?, _ timeline: UInt32?) -> ServerIdentity {
        ServerIdentity(system: system, timeline: timeline)
    }

    @Test("the name of the WAL file begins with the timeline")
    func timeline() {
        #expect(ServerIdentity(system: "7", walFile: "0000001A00000000000000AF").timeline == 26)
        #expect(ServerIdentity(system: "7", walFile: nil).timeline == nil)
        #expect(ServerIdentity(system: "7", walFile: "no such").timeline == nil)
    }

    @Test("a former primary and another server are refused; unknown facts are no reason")
    func faults() throws {
        let known = KnownServer(Self.server("7", 2))
        let former = try #require(known.fault(of: Self.server("7", 1)))
        #expect(former.contains("former primary: it is on timeline 1, and the sidecar has been on 2"))
        let other = try #require(known.fault(of: Self.server("8", 3)))
        #expect(other.contains("another server"))
        for fine in [Self.server("7", 2), Self.server("7", 3), Self.server(nil, 2), Self.server("7", nil)] {
            #expect(known.fault(of: fine) == nil)
        }
    }

    @Test("after a while another server may take its place, on whatever timeline, but not a former primary")
    func replaceable() {
        var known = KnownServer(Self.server("7", 3))
        known.isReplaceable = true
        #expect(known.fault(of: Self.server("7", 2)) != nil)
        #expect(known.fault(of: Self.server(nil, 2)) != nil)
        #expect(known.fault(of: Self.server("8", 1)) == nil)
        check(known.connected(to: Self.server("8", 1)), true)
        #expect(known == KnownServer(Self.server("8", 1)))
        #expect(known.fault(of: Self.server("7", 3)) != nil)
    }

    @Test("a connection's facts about the server are added; only new ones are a reason to check the others")
    func connected() {
        var known = KnownServer(Self.server("7", 2))
        check(known.connected(to: Self.server("7", 2)), false)
        check(known.connected(to: Self.server(nil, nil)), false)
        check(known.connected(to: Self.server(nil, 3)), true)
        #expect(known.identity == Self.server("7", 3))
        check(known.connected(to: Self.server("7", nil)), false)
        #expect(known.identity == Self.server("7", 3))
    }
}
