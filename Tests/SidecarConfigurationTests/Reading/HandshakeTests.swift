import Names
import SidecarConfiguration
import TestFolders
import Testing

/// `headers` and `proxy` of `router`.
@Suite struct HandshakeTests {
    private func load(_ text: String, environment: [String: String] = [:]) throws -> RouterSettings {
        try ConfigurationFile.load(
            text: "router: { realm: r, \(text) }\ndatabase: { url: dbname=u }", environment: environment
        ).router
    }

    private func found(
        _ text: String, folder: String = ".", environment: [String: String] = [:]
    ) -> [String] {
        faults(
            in: "router: { realm: r, \(text) }\ndatabase: { url: dbname=u }", folder: folder, environment: environment)
    }

    @Test func taken() throws {
        let router = try self.load(
            "url: ws://localhost, headers: { Authorization: \"Bearer ${TOKEN}\", X-A: b }, proxy: "
                + "\"http://u:${TOKEN}@p:1\", insecure: true",
            environment: ["TOKEN": "s3cret"])
        #expect(router.headers.revealed.map(\.name) == ["Authorization", "X-A"])
        #expect(router.headers.revealed.map(\.value) == ["Bearer s3cret", "b"])
        #expect(try router.proxy == HTTPProxy("http://u:s3cret@p:1"))
        var dumped = ""
        dump(router, to: &dumped)
        #expect(!dumped.contains("s3cret"))
        #expect(try self.load("url: ws://h").headers == HandshakeHeaders())
        #expect(try self.load("url: ws://h").proxy == nil)
        #expect(
            try self.load("url: [\"rs://h:1\", \"ws+unix:///s:/ws\"], headers: { a: b }, proxy: \"http://p:1\"").proxy
                != nil)
    }

    @Test func proxyFromAFile() throws {
        let folder = TemporaryFolder()
        try folder.write("proxy", "http://u:s3cret@p:1\n")
        try folder.write("wrong", "u:s3cret@p:1\n")
        let text = "router: { realm: r, url: ws://h, proxy_file: proxy }\ndatabase: { url: dbname=u }"
        let router = try ConfigurationFile.load(text: text, folder: folder.path).router
        #expect(try router.proxy == HTTPProxy("http://u:s3cret@p:1"))
        #expect(
            self.found("url: ws://h, proxy_file: wrong", folder: folder.path) == [
                "sidecar.yaml:1:46: the content of the file that 'proxy_file' in router names has no scheme; write "
                    + "http://host:port; "
                    + "write into it e.g. http://proxy.example.com:3128"
            ])
    }

    @Test(arguments: [
        ("headers:", "'headers' in router is nothing instead of names and values"),
        ("headers: x", ":43: 'headers' in router is a single value instead of names and values"),
        ("headers: {}", ":43: 'headers' in router is a mapping of keys instead of names and values"),
        (
            "headers: { \"a b\": s3cret }",
            ":45: a header of 'headers' in router is not the name of an HTTP header, which has letters, digits and "
                + "hyphens; correct or remove it"
        ),
        ("headers: { X-A: 5 }", ":50: the header 'X-A' of 'headers' in router is a number or a boolean"),
        ("headers: { X-A: [s3cret] }", ":50: the header 'X-A' of 'headers' in router is a list instead of a text"),
        ("headers: { X-A: \"\" }", ":50: the header 'X-A' of 'headers' in router is empty"),
        ("headers: { X-A: \"${NONE}\" }", ":50: the environment variable 'NONE' is not set"),
        (
            "headers: { X-A: \"s3cret\\nb\" }",
            ":50: the header 'X-A' of 'headers' in router has a line break in its value"
        ),
        ("headers: { X-A: a, x-a: s3cret }", ":53: the header 'x-a' of 'headers' in router is listed twice"),
        (
            "proxy: s3cret@h",
            ":41: 'proxy' in router has no scheme; write http://host:port; write e.g. proxy: "
                + "http://proxy.example.com:3128"
        ),
        ("proxy: [s3cret]", ":41: 'proxy' in router is a list instead of a text"),
        ("proxy: \"http://p:1\", proxy_file: x", "'proxy_file' in router is another form of 'proxy'"),
    ])
    func refused(_ text: String, _ expected: String) throws {
        let found = self.found("url: ws://h, \(text)")
        let first = try #require(found.first)
        #expect(found.count == 1 && first.contains(expected), "\(found)")
        #expect(!first.contains("s3cret"))
    }

    @Test func whatIsOfNoUse() {
        let headers = self.found("url: [\"rs://h:1\", \"rs+unix:///s\"], headers: { a: b }")
        #expect(
            headers == [
                "sidecar.yaml:1:56: 'headers' in router belong to the WebSocket handshake, and no 'url' is a "
                    + "WebSocket URL; "
                    + "use a URL with ws:// or wss://, or remove 'headers'"
            ])
        let found = self.found("url: [\"ws+unix:///s:/ws\", \"rs+unix:///s\"], proxy: \"http://p:1\"")
        #expect(found.count == 1 && found[0].contains("'proxy' in router has no effect"), "\(found)")
        let twin = self.found("url: rs+unix:///s, proxy_file: none")
        #expect(twin.contains { $0.contains("'proxy_file' in router has no effect") }, "\(twin)")
    }

    @Test func loginsOnAnOpenLineAreRefused() {
        let expected =
            "the header 'cookie' would go unencrypted to another host; use wss://, or allow it by insecure: true"
        let found = self.found("url: ws://far, headers: { cookie: s3cret, X-A: b }")
        #expect(found.count == 1 && found[0].contains("1:47: \(expected)"), "\(found)")
        let behind = self.found("url: ws://localhost, headers: { cookie: s3cret }, proxy: \"http://far:1\"")
        #expect(behind.count == 1 && behind[0].contains(expected), "\(behind)")
        #expect(self.found("url: ws://far, headers: { cookie: s3cret }, insecure: true").isEmpty)
        #expect(self.found("url: ws://localhost, headers: { cookie: s3cret }").isEmpty)
        // A RawSocket handshake has no headers.
        #expect(self.found("url: [\"rs://far:1\", ws://localhost], headers: { Authorization: s3cret }").isEmpty)
        let ticket = "auth: { method: ticket, authid: a, ticket: b }, proxy: \"http://far:1\""
        #expect(
            self.found("url: ws://localhost, \(ticket)").contains { $0.contains("the ticket would go unencrypted") })
    }
}
