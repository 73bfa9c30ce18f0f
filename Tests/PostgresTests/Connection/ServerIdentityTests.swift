import Testing

@testable import Postgres

@Suite("Which server connections may be to")
struct ServerIdentityTests {
    private static func server(_ system: String?, _ timeline: Int?) -> ServerIdentity {
        ServerIdentity(system: system, walFile: timeline.map { "0000000\($0)00000000000000AF" })
    }

    @Test("the timeline is what the name of the file begins with")
    func timeline() {
        #expect(ServerIdentity(system: "7", walFile: "0000001A00000000000000AF").timeline == 26)
        #expect(ServerIdentity(system: "7", walFile: nil).timeline == nil)
        #expect(ServerIdentity(system: "7", walFile: "no such").timeline == nil)
    }

    @Test("a former primary and another server are refused; what is not known is no reason")
    func faults() throws {
        let known = Self.server("7", 2)
        let former = try #require(Self.server("7", 1).fault(after: known))
        #expect(former.contains("former primary: it is on timeline 1, and the sidecar has been on 2"))
        let other = try #require(Self.server("8", 3).fault(after: known))
        #expect(other.contains("another server"))
        for fine in [Self.server("7", 2), Self.server("7", 3), Self.server(nil, 2), Self.server("7", nil)] {
            #expect(fine.fault(after: known) == nil)
        }
        #expect(Self.server("8", 1).fault(after: nil) == nil)
    }

    @Test("what is on a higher timeline is the server from then on")
    func replaces() {
        let known = Self.server("7", 2)
        #expect(Self.server("7", 3).replaces(known))
        #expect(!Self.server("7", 2).replaces(known))
        #expect(!Self.server(nil, nil).replaces(known))
        #expect(known.replaces(nil))
        #expect(Self.server("7", 1).replaces(Self.server(nil, 1)))
    }

    @Test("of several hosts each can be tried by itself, with its port")
    func hosts() throws {
        let settings = try ConnectionSettings(url: "postgresql://u@a:1,b:2/app", password: nil)
        let hosts = settings.optionsOfEachHost(for: .control).map { options in
            options.filter { ["host", "port"].contains($0.keyword) }.map(\.value)
        }
        #expect(hosts == [["a", "1"], ["b", "2"]] || hosts == [["1", "a"], ["2", "b"]])
        let one = try ConnectionSettings(url: "host=a,b port=5", password: nil)
        #expect(one.optionsOfEachHost(for: .control).allSatisfy { $0.contains { $0.keyword == "port" && $0.value == "5" } })
        #expect(one.optionsOfEachHost(for: .control).count == 2)
        #expect(try ConnectionSettings(url: "host=a", password: nil).optionsOfEachHost(for: .control).isEmpty)
    }
}
