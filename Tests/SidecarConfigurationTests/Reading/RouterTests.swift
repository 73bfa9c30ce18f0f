import Names
import SidecarConfiguration
import Testing

@Suite struct RouterTests {
    static let database = "database: { url: postgresql://h/d }\n"

    /// A router of one line, the database below it.
    func router(_ text: String) throws -> RouterSettings {
        try ConfigurationFile.load(text: "router: { realm: r, \(text) }\n" + Self.database).router
    }

    func found(_ text: String) -> [String] {
        faults(in: "router: { realm: r, \(text) }\n" + Self.database)
    }

    @Test func allKeys() throws {
        let router = try self.router(
            "url: [\"rs://a:1\", \"ws://b/ws\"], serializers: [cbor, json], ping: true, call_timeout_unit: seconds, "
                + "insecure: true"
        )
        #expect(router.urls.map(\.value.description) == ["rs://a:1", "ws://b:80/ws"])
        #expect(router.urls.map(\.location.column) == [27, 39])
        #expect(router.serializers == [.cbor, .json])
        #expect(router.ping && router.insecure)
        #expect(router.callTimeoutUnit == .seconds)
    }

    @Test(arguments: [
        ("[]", "'serializers' in router is an empty list"), ("json", "is a single value instead of a list"),
        ("[json, json]", "'json' is listed twice"), ("[cbor, msgpack, cbor]", "'cbor' is listed twice"),
        ("[xml]", "'xml', which is not allowed"), ("[MSGPACK]", "did you mean 'msgpack'?"),
        ("[messagepack]", "write json, msgpack or cbor"), ("[{}]", "'serializers'"),
    ])
    func serializers(_ text: String, _ expected: String) {
        let found = self.found("url: ws://h, serializers: \(text)")
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test func realmAndURLsAreTakenApart() {
        #expect(
            faults(in: "router: { realm: \"r#\", url: [\"ws://h\", \"http://h\"] }\n" + Self.database) == [
                "sidecar.yaml:1:18: 'realm' in router contains '#'; write e.g. realm: realm1",
                "sidecar.yaml:1:40: 'url' in router has scheme http; write ws://host:port/path; "
                    + "write e.g. url: ws://127.0.0.1:8080/ws",
            ])
    }
}
