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
            "url: [\"rs://a:1\", \"ws://b/ws\"], serializers: [json], ping: true, call_timeout_unit: seconds, insecure: true"
        )
        #expect(router.urls.map(\.value) == ["rs://a:1", "ws://b/ws"])
        #expect(router.urls.map(\.location.column) == [27, 39])
        #expect(router.serializers == [.json])
        #expect(router.ping && router.insecure)
        #expect(router.callTimeoutUnit == .seconds)
    }

    @Test func authentication() throws {
        let url = "url: ws://h"
        #expect(
            try self.router("\(url), auth: { authid: me }").authentication.credentials == .anonymous(authid: "me"))
        #expect(try self.router("\(url), auth: {}").authentication.credentials == .anonymous(authid: nil))
        #expect(
            try self.router("\(url), auth: { method: ticket, authid: me, ticket: x }").authentication.credentials
                == .ticket(authid: "me", ticket: Secret("x")))
        #expect(
            try self.router("\(url), auth: { method: wampcra, authid: me, secret: x }").authentication.credentials
                == .wampcra(authid: "me", secret: Secret("x")))
    }

    @Test(arguments: [
        ("method: ticket", ["'authid' is missing", "'ticket' is missing"]),
        ("method: wampcra", ["'authid' is missing", "'secret' is missing"]),
        ("method: ticket, authid: a, secret: b", ["'ticket' is missing", "'secret' in router.auth goes with another"]),
        ("ticket: a", ["'ticket' in router.auth goes with another method; write method: ticket"]),
        ("secret_file: a", ["names can't be read", "'secret_file' in router.auth goes with another method"]),
        ("method: anonymous, secret: a", ["goes with another method; write method: wampcra"]),
        ("method: cryptosign", ["'cryptosign' for 'method' in router.auth is not supported by this version"]),
        ("method: scram", ["is not supported by this version"]), ("method: tls", ["is not supported by this version"]),
        ("method: tikcet, authid: a", ["did you mean 'ticket'?"]),
        ("method: cryptosign, private_key: a", ["'cryptosign'", "'private_key' is not supported"]),
    ])
    func clashes(_ text: String, _ expected: [String]) {
        let found = self.found("url: ws://h, auth: { \(text) }")
        #expect(found.count == expected.count, "\(found)")
        for part in expected { #expect(found.contains { $0.contains(part) }, "\(found)") }
    }

    @Test(arguments: [
        ("[]", "'serializers' in router is an empty list"), ("json", "is a single value instead of a list"),
        ("[json, json]", "'json' is twice"), ("[json, cbor]", "'cbor' for 'serializers' in router is not supported"),
        ("[msgpack]", "'msgpack' for 'serializers' in router is not supported"), ("[xml]", "'xml', which it can't be"),
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

    @Test func aTicketOnAnOpenLineIsRefused() {
        let checks = FormatChecks(isOpenToEavesdroppers: { url, _ in url == "ws://far" })
        let urls = "url: [\"ws://near\", \"ws://far\"]"
        let ticket = "auth: { method: ticket, authid: a, ticket: b }"
        #expect(
            self.found("\(urls), \(ticket)", checks: checks) == [
                "sidecar.yaml:1:40: the ticket would go unencrypted to another host; "
                    + "use method: wampcra, or allow it by insecure: true in router"
            ])
        #expect(self.found("\(urls), \(ticket), insecure: true", checks: checks).isEmpty)
        #expect(self.found("\(urls), auth: { method: wampcra, authid: a, secret: b }", checks: checks).isEmpty)
    }
}
