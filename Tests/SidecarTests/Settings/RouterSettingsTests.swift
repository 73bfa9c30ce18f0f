import Cryptography
import SidecarConfiguration
import Testing
import WAMP
import WAMPClient

@testable import Sidecar

/// The way to the router, from the file to its configuration.
@Suite struct RouterSettingsTests {
    @Test func headersAndProxyArrive() throws {
        let text = """
            router:
              url: ws://127.0.0.1/ws
              realm: realm1
              headers: { X-Token: top-secret }
              proxy: http://user:top-secret@127.0.0.1:3128
            database: { url: postgresql://h/d }
            """
        let settings = try ConfigurationFile.load(text: text).router
        let configuration = RouterConfiguration(settings, version: "1")
        #expect("\(configuration.headers)" == "[\"X-Token\"]")
        #expect(configuration.proxy.map { "\($0)" } == "http://127.0.0.1:3128")
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!dumped.contains("top-secret") && !dumped.contains("user:"))
    }

    @Test(
        arguments: [
            ("{}", .anonymous(authid: nil)), ("{ authid: joe }", .anonymous(authid: "joe")),
            ("{ method: ticket, authid: joe, ticket: t }", .ticket(authid: "joe", ticket: SecretBytes("t"))),
            ("{ method: wampcra, authid: joe, secret: s }", .wampcra(authid: "joe", secret: SecretBytes("s"))),
        ] as [(String, Authentication)])
    func credentialsArrive(_ auth: String, _ expected: Authentication) throws {
        let text = "router: { url: rs://127.0.0.1:1, realm: realm1, auth: \(auth) }"
        let settings = try ConfigurationFile.loadRouter(text: text, environment: [:])
        #expect(Sidecar.connection(settings).authentication == expected)
    }

    @Test(arguments: [
        ("proxy: proxy:3128", "'proxy' in router has no scheme"),
        ("headers: { Upgrade: x }", "belongs to the handshake"),
        ("headers: { X-A: \"a\\r\\nb: c\" }", "has a line break"), ("headers: { \"X A\": b }", "is not the name"),
    ])
    func faults(_ line: String, _ expected: String) {
        let text = "router: { url: ws://127.0.0.1/ws, realm: realm1, \(line) }\ndatabase: { url: postgresql://h/d }"
        let faults = #expect(throws: ConfigurationFaults.self) {
            try ConfigurationFile.load(text: text)
        }
        #expect(faults?.faults.contains { $0.description.contains(expected) } == true, "\(String(describing: faults))")
    }
}
