import Testing

@testable import Names

@Suite struct HandshakeHeadersTests {
    private func problem(_ fields: (String, String)...) -> String? {
        var headers = HandshakeHeaders()
        do {
            for (name, value) in fields {
                try headers.add(HandshakeHeaders.Name(name), value)
            }
            return nil
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("Authorization", "Bearer abc"), ("Cookie", "a=b; c=d"), ("X-Forwarded-For", "::1"), ("Host", "router:8080"),
        ("Host", "[::1]:80"), ("Origin", "https://example.com"), ("User-Agent", "x/1 (y)"), ("x", "a\tb"),
    ])
    func taken(_ name: String, _ value: String) {
        #expect(self.problem((name, value)) == nil)
    }

    @Test(arguments: [
        ("", "x", "not the name"), ("a b", "x", "not the name"), ("a:", "x", "not the name"),
        ("a\r\nb", "x", "not the name"),
        ("\u{E9}", "x", "not the name"), ("Connection", "x", "itself"), ("UPGRADE", "x", "itself"),
        ("Sec-WebSocket-Key", "x", "itself"), ("sec-websocket-extensions", "x", "itself"),
        ("Sec-WebSocket-Protocol", "x", "router.serializers"), ("Content-Length", "5", "itself"),
        ("Transfer-Encoding", "chunked", "itself"), ("Expect", "100-continue", "itself"),
        ("Proxy-Authorization", "x", "router.proxy"), ("a", "", "empty"), ("a", " x", "space"), ("a", "x\t", "space"),
        ("a", "x\r\nb: c", "line break"), ("a", "x\ny", "line break"), ("a", "x\0y", "ASCII"), ("a", "\u{E9}", "ASCII"),
        ("a", "x\u{7F}", "ASCII"), ("a", String(repeating: "x", count: 8193), "8192"), ("Host", "a/b", "host name"),
        ("Host", "a b", "host name"), ("Host", "u@h", "host name"),
    ])
    func refused(_ name: String, _ value: String, _ why: String) throws {
        let problem = try #require(self.problem((name, value)))
        #expect(problem.contains(why), "\(problem)")
        if value.utf8.count > 5 {
            #expect(!problem.contains(value))
        }
    }

    @Test func twice() {
        #expect(self.problem(("X-A", "1"), ("x-a", "2")) == "is listed twice")
        #expect(self.problem(("x-a", "1"), ("X-A", "2")) == "is listed twice")
    }

    @Test func isBounded() {
        var headers = HandshakeHeaders()
        for number in 0..<HandshakeHeaders.mostHeaders {
            #expect(throws: Never.self) { try headers.add(HandshakeHeaders.Name("x-\(number)"), "1") }
        }
        #expect(throws: HandshakeHeaderError.self) { try headers.add(HandshakeHeaders.Name("x"), "1") }
    }

    @Test func valuesAreNotShown() throws {
        var headers = HandshakeHeaders()
        try headers.add(HandshakeHeaders.Name("Authorization"), "Bearer top-secret")
        var dumped = ""
        dump(headers, to: &dumped)
        for text in ["\(headers)", String(reflecting: headers), dumped] {
            #expect(!text.contains("top-secret"), "\(text)")
        }
        #expect("\(headers)".contains("Authorization"))
    }
}
