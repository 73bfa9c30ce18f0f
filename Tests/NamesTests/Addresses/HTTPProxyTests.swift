import Testing

@testable import Names

@Suite struct HTTPProxyTests {
    @Test(arguments: [
        ("http://proxy:3128", "proxy", 3128, nil), ("HTTP://10.0.0.1:8080/", "10.0.0.1", 8080, nil),
        ("http://[::1]:3128", "::1", 3128, nil), ("http://user:pass@proxy:3128", "proxy", 3128, "user:pass"),
        ("http://user@proxy:3128", "proxy", 3128, "user:"),
        ("http://u%40x:p%3a%25@proxy:1", "proxy", 1, "u@x:p:%"),
        ("http://u:a/b@c?d@proxy:1", "proxy", 1, "u:a/b@c?d"), ("http://u:%c3%a9@proxy:1", "proxy", 1, "u:\u{E9}"),
    ])
    func taken(_ text: String, _ host: String, _ port: Int, _ credentials: String?) throws {
        let proxy = try HTTPProxy(text)
        #expect(proxy.host == host)
        #expect(proxy.port == port)
        #expect(proxy.credentials == credentials.map { Array($0.utf8) })
    }

    @Test(arguments: [
        ("", "no scheme"), ("proxy:3128", "no scheme"), ("https://proxy:3128", "https"),
        ("socks5://proxy:1080", "HTTP proxy"),
        ("http://proxy", "no port"), ("http://user:pa%ss@proxy:1", "%25"), ("http://user:pa%@proxy:1", "%25"),
        ("http://:pass@proxy:1", "user name"), ("http://a%3Ab:c@proxy:1", "colon"),
        ("http://u:%0d%0a@proxy:1", "control"),
        ("http://proxy:3128/path", "path"), ("http://proxy:3128?x", "path"), ("http://:3128", "no host"),
        ("http://proxy:0", "1 to 65535"), ("http://proxy:99999", "1 to 65535"), ("http://u:p s@proxy:1", "white space"),
        ("http://pro\u{E9}xy:1", "not ASCII"), ("http://[::1:3128", "]"), ("http://u:p@", "no host"),
    ])
    func refused(_ text: String, _ why: String) throws {
        let error = #expect(throws: RouterURLError.self) { try HTTPProxy(text) }
        #expect(error?.description.contains(why) == true, "\(String(describing: error))")
    }

    @Test func passwordIsNotShown() throws {
        let proxy = try HTTPProxy("http://somebody:top-secret@proxy:3128")
        var dumped = ""
        dump(proxy, to: &dumped)
        for text in ["\(proxy)", String(reflecting: proxy), dumped] {
            #expect(!text.contains("top-secret") && !text.contains("somebody") && !text.contains("Basic"), "\(text)")
        }
        #expect("\(proxy)" == "http://proxy:3128")
        #expect("\(try HTTPProxy("http://[::1]:1"))" == "http://[::1]:1")
    }
}
