import Testing

@testable import SQLInterface

@Suite struct SchemaKeysTests {
    /// The numbers are in every database that has the interface: they must never change.
    @Test(arguments: [("wamp", 1_542_262_275 as Int32), ("crossbar", -1_709_874_004)])
    func locksAreFixed(_ schema: String, number: Int32) throws {
        let keys = try SchemaKeys(schema: schema)
        #expect(keys.wakeLock == (1_463_897_424, number))
        #expect(keys.leaderLock == (1_463_897_420, number))
        #expect(keys.installLock == (1_463_897_417, number))
    }

    @Test func namesAreMadeOfTheSchemas() throws {
        let keys = try SchemaKeys(schema: "wamp")
        #expect([keys.channel, keys.mappingChannel] == ["wamp_outbox", "wamp_mapping"])
        #expect([keys.server, keys.owner] == ["wamp_sidecar", "wamp_owner"])
    }

    /// A name that would exceed 63 octets is replaced, not truncated by the server.
    @Test func namesFit() throws {
        let longest = try SchemaKeys(schema: String(repeating: "x", count: 55))
        #expect(longest.mappingChannel == String(repeating: "x", count: 55) + "_mapping")
        let keys = try SchemaKeys(schema: String(repeating: "x", count: 57))
        #expect(keys.channel == "wamp_ae14a2563ccf969d99aca69ce6bb7498_outbox")
        #expect(keys.mappingChannel == "wamp_ae14a2563ccf969d99aca69ce6bb7498_mapping")
        #expect(keys.owner == String(repeating: "x", count: 57) + "_owner")
        let wide = try SchemaKeys(schema: String(repeating: "ä", count: 30))
        for name in [wide.channel, wide.mappingChannel, wide.server, wide.owner] { #expect(name.utf8.count <= 63) }
    }
}
