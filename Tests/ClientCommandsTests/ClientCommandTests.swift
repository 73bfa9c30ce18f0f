import NIOCore
import Names
import SidecarConfiguration
import Testing
import WAMP
import WAMPClient

@testable import ClientCommands

@Suite struct ClientCommandTests {
    private func options(
        _ lists: ClientLists = ClientLists(), acknowledge: Bool = true, retain: Bool = false, discloseMe: Bool = false
    ) throws -> [String: Value] {
        let command = try ClientCommand.publish(
            "com.topic", arguments: [], kwargs: nil, acknowledge: acknowledge, retain: retain, discloseMe: discloseMe,
            lists: lists)
        guard case .publish(_, let options, .one) = command.action else { return [:] }
        return options.values
    }

    @Test func publishOptions() throws {
        #expect(try self.options() == ["acknowledge": .bool(true)])
        #expect(try self.options(acknowledge: false) == [:])
        var lists = ClientLists()
        lists.eligible = [1, 2]
        lists.excludeAuthrole = ["guest"]
        #expect(
            try self.options(lists, acknowledge: false, retain: true, discloseMe: true) == [
                "retain": .bool(true), "disclose_me": .bool(true), "eligible": .list([.integer(1), .integer(2)]),
                "exclude_authrole": .list([.string("guest")]),
            ])
        lists.exclude = [0]
        #expect(throws: ClientUsageError.self) { try self.options(lists) }
    }

    @Test(arguments: [
        ("500ms", TimeAmount.milliseconds(500)), ("5s", .seconds(5)), ("24d", .hours(24 * 24)),
    ])
    func timeouts(_ text: String, _ expected: TimeAmount) throws {
        let command = try ClientCommand.call(
            "com.a", arguments: [], kwargs: nil, timeout: text, progress: false, discloseMe: false, json: false)
        guard case .call(_, _, _, let timeout, _) = command.action else {
            Issue.record("no call")
            return
        }
        #expect(timeout == expected)
    }

    @Test(arguments: ["", "5", "0s", "-1s", "25d", "9223372036854775807d", "1.5s", "s"])
    func faultyTimeouts(_ text: String) {
        #expect(throws: ClientUsageError.self) {
            try ClientCommand.call(
                "com.a", arguments: [], kwargs: nil, timeout: text, progress: false, discloseMe: false, json: false)
        }
    }

    @Test func topicsAndPatterns() throws {
        _ = try ClientCommand.subscribe("com.", match: "prefix", retained: false, count: 1)
        _ = try ClientCommand.subscribe("com..a", match: "wildcard", retained: true, count: nil)
        for (topic, match, count) in [
            ("com.", "exact", 1), ("com..a", "prefix", 1), ("com.a", "x", 1), ("com.a", "exact", 0),
        ] {
            #expect(throws: ClientUsageError.self) {
                try ClientCommand.subscribe(topic, match: match, retained: false, count: count)
            }
        }
    }

    @Test(arguments: [
        ("com..a", "exact", true), ("com.", "exact", true), ("com. .a", "exact", false), ("com..a", "prefix", false),
    ])
    func advisesPatterns(_ topic: String, _ match: String, _ isAdvised: Bool) {
        let error = #expect(throws: ClientUsageError.self) {
            try ClientCommand.subscribe(topic, match: match, retained: false, count: nil)
        }
        #expect(error?.description.contains("; for a pattern add --match wildcard or prefix") == isAdvised)
    }

    @Test func targets() throws {
        typealias Credentials = AuthenticationSettings.Credentials
        func credentials(_ authid: String?, _ environment: [String: String]) throws -> Credentials? {
            var credentials: Credentials?
            _ = try ClientTarget(
                url: "rs://127.0.0.1:1", realm: "realm1", authid: authid, environment: environment
            ) { settings in
                credentials = settings.authentication.credentials
                return RouterConfiguration(
                    urls: [], realm: settings.realm.value, authentication: .anonymous(authid: nil), agent: "test")
            }
            return credentials
        }
        #expect(try credentials(nil, [:]) == .anonymous(authid: nil))
        #expect(try credentials("joe", [:]) == .anonymous(authid: "joe"))
        #expect(try credentials("joe", ["WAMP_TICKET": ""]) == .anonymous(authid: "joe"))
        // The words remain values, whatever they contain.
        let hostile = "x\" }, tls: {"
        #expect(
            try credentials(hostile, ["WAMP_TICKET": "${HOME}"])
                == .ticket(authid: hostile, ticket: Secret("${HOME}")))
        #expect(
            try credentials("joe", ["WAMP_SECRET": "s"]) == .wampcra(authid: "joe", secret: Secret("s")))
        #expect(throws: ClientUsageError.self) { try credentials(nil, ["WAMP_SECRET": "s"]) }
        #expect(throws: ClientUsageError.self) { try credentials("joe", ["WAMP_SECRET": "s", "WAMP_TICKET": "t"]) }
    }
}
