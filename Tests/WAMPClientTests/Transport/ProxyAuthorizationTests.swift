import Names
import Testing

@testable import WAMPClient

@Suite struct ProxyAuthorizationTests {
    @Test(arguments: [
        ("http://proxy:3128", nil), ("http://user:pass@proxy:3128", "Basic dXNlcjpwYXNz"),
        ("http://user@proxy:3128", "Basic dXNlcjo="), ("http://u%40x:p%3a%25@proxy:1", "Basic dUB4OnA6JQ=="),
        ("http://u:a/b@c?d@proxy:1", "Basic dTphL2JAYz9k"), ("http://u:%c3%a9@proxy:1", "Basic dTrDqQ=="),
    ])
    func authorization(_ text: String, _ value: String?) throws {
        #expect(try HTTPProxy(text).authorization == value)
    }
}
