import SidecarConfiguration
import Testing

@Suite struct RouterTests {
    static let database = "database: { url: postgresql://h/d }\n"

    /// A router of one line, the database below it.
    func router(_ text: String) throws -> RouterSettings {
        try ConfigurationFile.load(text: "router: { realm: r, \(text) }\n" + Self.database).router
    }

    func found(_ text: String, checks: FormatChecks = FormatChecks()) -> [String] {
        faults(in: "router: { realm: r, \(text) }\n" + Self.database, checks: checks)
    }

    @Test func allKeys() throws {
        let router = try self.router(
            "url: [\"rs://a:1\", \"ws://b/ws\"], serializers: [cbor, json], ping: true, call_timeout_unit: seconds, insecure: true"
        )
        #expect(router.urls.map(\.value) == ["rs://a:1", "ws://b/ws"])
        #expect(router.urls.map(\.location.column) == [27, 39])
        #expect(router.serializers == [.cbor, .json])
        #expect(router.ping && router.insecure)
        #expect(router.callTimeoutUnit == .seconds)
    }

    @Test(arguments: [
        ("[]", "'serializers' in router is an empty list"), ("json", "is a single value instead of a list"),
        ("[json, json]", "'json' is twice"), ("[cbor, msgpack, cbor]", "'cbor' is twice"),
        ("[xml]", "'xml', which it can't be"), ("[MSGPACK]", "did you mean 'msgpack'?"),
        ("[messagepack]", "write json, msgpack or cbor"), ("[{}]", "'serializers'"),
    ])
    func serializers(_ text: String, _ expected: String) {
        let found = self.found("url: ws://h, serializers: \(text)")
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test func checksAreAsked() {
        let checks = FormatChecks(
            routerURL: { $0.hasPrefix("ws://") ? nil : "has a scheme that nobody knows" },
            realm: { $0 == "r" ? "is too short" : nil })
        #expect(
            self.found("url: [\"ws://h\", \"http://h\"]", checks: checks) == [
                "sidecar.yaml:1:18: 'realm' in router is too short; write e.g. realm: realm1",
                "sidecar.yaml:1:37: 'url' in router has a scheme that nobody knows; write e.g. url: ws://127.0.0.1:8080/ws",
            ])
    }
}
