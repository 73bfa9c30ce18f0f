import Testing

@testable import Names

@Suite struct RouterURLTests {
    @Test(arguments: [
        ("ws://127.0.0.1:8080/ws", "ws://127.0.0.1:8080/ws"),
        ("ws://router.example", "ws://router.example:80/"),
        ("WS://router.example/ws", "ws://router.example:80/ws"),
        ("wss://router.example/ws", "wss://router.example:443/ws"),
        ("ws://[::1]:9000/a/b", "ws://[::1]:9000/a/b"),
        ("ws://h:1/ws?token=geheim", "ws://h:1/ws"),
        ("ws://h?token=geheim", "ws://h:80/"),
        ("rs://h:8081", "rs://h:8081"),
        ("rs://h:8081/", "rs://h:8081"),
        ("rss://h:8081", "rss://h:8081"),
        ("rs+unix:///run/router.sock", "rs+unix:///run/router.sock"),
        ("ws+unix:///run/router.sock:/ws", "ws+unix:///run/router.sock:/ws"),
        ("ws+unix:///run/a:b:/ws/x?key=1:/2", "ws+unix:///run/a:b:/ws/x"),
    ])
    func reads(_ text: String, _ normal: String) throws {
        #expect(try RouterURL(text).description == normal)
    }

    @Test(arguments: [
        ("", "is empty"), ("127.0.0.1:8080", "no scheme"), ("ws://", "no host"), ("ws:///ws", "no host"),
        ("http://h/ws", "write ws://"), ("https://h/ws", "write wss://"), ("tcp://h:1", "write rs://"),
        ("unix:///a", "rs+unix"), ("gopher://h", "unknown scheme"), ("a,b", "a list"), ("ws://a,b/ws", "a list"),
        ("ws://a/ws,wss://b/ws", "a list"), ("rs://h", "no port"),
        ("rs://h:1/ws", "has a path"),
        ("rs://unix:/run/x", "rs+unix"), ("ws://h:0/", "port"), ("ws://h:65536/", "port"), ("ws://h:+1/", "port"),
        ("ws://h:/ws", "port"), ("ws://h:99999999999999999999/", "port"), ("ws://u:p@h/ws", "router.auth"),
        ("ws://::1:80/", "brackets"), ("ws://[::1/", "']'"), ("ws://[::1]80/", "after ']'"), ("ws://[x]/", "IPv6"),
        ("ws://a b/", "white space"), ("ws://h/ä", "ASCII"), ("ws://h/#x", "fragment"), ("ws://h*/", "host name"),
        ("rs+unix://run/x", "absolute socket path"), ("rs+unix:///", "absolute socket path"),
        ("ws+unix:///run/x", "WebSocket path"),
        ("rs+unix:///" + String(repeating: "x", count: 107), "107"),
    ])
    func refuses(_ text: String, _ why: String) {
        do {
            let url = try RouterURL(text)
            Issue.record("\(url) was taken")
        } catch {
            #expect(error.description.contains(why), "\(error.description)")
            #expect(!error.description.contains("u:p"))
        }
    }

    @Test func secrets() throws {
        let url = try RouterURL("ws://h/ws?token=geheim")
        #expect(url.transport == .webSocket(target: "/ws?token=geheim"))
        #expect(!"\(url)".contains("geheim"))
    }

    @Test(arguments: [
        ("ws://localhost/", true), ("ws://127.0.0.1/", true), ("rs://127.3.2.1:1", true), ("rs://[::1]:1", true),
        ("rs+unix:///a", true), ("ws+unix:///a:/", true), ("ws://127.evil.example/", false), ("ws://128.0.0.1/", false),
        ("ws://localhost.example/", false), ("ws://127.0.0.1.example/", false), ("rs://[::2]:1", false),
    ])
    func isLocal(_ text: String, _ expected: Bool) throws {
        #expect(try RouterURL(text).isLocal == expected)
    }

    @Test(arguments: [
        ("ws://h/ws", "h"), ("ws://h:8080/ws", "h:8080"), ("ws://[::1]/", "[::1]"), ("ws+unix:///a:/", "localhost"),
    ])
    func hostHeader(_ text: String, _ expected: String) throws {
        #expect(try RouterURL(text).hostHeader == expected)
    }

    @Test(arguments: [
        ("ws://127.0.0.1/ws", nil, false), ("ws://far.example.com/ws", nil, true),
        ("wss://far.example.com/ws", nil, false),
        ("rs+unix:///s", "http://far.example.com:1", false), ("ws://localhost/ws", "http://far.example.com:1", true),
        ("wss://localhost/ws", "http://far.example.com:1", false), ("ws://localhost/ws", "http://127.0.0.1:1", false),
        ("ws://far.example.com/ws", "http://127.0.0.1:1", true),
    ])
    func openLines(_ url: String, _ proxy: String?, _ isOpen: Bool) throws {
        let proxy = try proxy.map { try HTTPProxy($0) }
        #expect(try RouterURL(url).isOpenToEavesdroppers(through: proxy) == isOpen)
    }
}
