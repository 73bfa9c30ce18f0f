import NIOHTTP1
import TestChecks
import Testing

@testable import Sidecar

@Suite("Requests to the admin port")
struct AdminRequestTests {
    private static func request(
        _ uri: String, _ headers: [(String, String)] = [("Host", "a")], method: HTTPMethod = .GET,
        version: HTTPVersion = .http1_1
    ) -> AdminRequest {
        AdminRequest(HTTPRequestHead(version: version, method: method, uri: uri, headers: HTTPHeaders(headers)))
    }

    @Test("path, query and host, however they are written")
    func targets() {
        check(Self.request("/ready?faults=red&x"), AdminRequest(path: "/ready", query: ["faults=red", "x"], host: "a"))
        check(Self.request("http://b:1/ready?x"), AdminRequest(path: "/ready", query: ["x"], host: "b:1"))
        check(Self.request("HTTPS://b").path, "/")
        check(Self.request("http://b?x"), AdminRequest(path: "/", query: ["x"], host: "b"))
        check(Self.request("?x").path, "/")
        check(Self.request("/ready?faults=red").asks(for: "faults=red"), true)
        check(Self.request("/ready?faults=redder").asks(for: "faults=red"), false)
    }

    @Test("methods")
    func methods() {
        check(Self.request("/", method: .GET).method, .get)
        check(Self.request("/", method: .HEAD).method, .head)
        check(Self.request("/", method: .POST).method, .other)
    }

    @Test("one host, and no body")
    func faults() {
        check(Self.request("/", []).isMalformed, true)
        check(Self.request("/", [], version: .http1_0).isMalformed, false)
        check(Self.request("/", [("Host", "a"), ("host", "b")]).isMalformed, true)
        check(Self.request("/", [("Host", "a"), ("Content-Length", "0")]).hasBody, false)
        check(Self.request("/", [("Host", "a"), ("Content-Length", "1")]).hasBody, true)
        check(Self.request("/", [("Host", "a"), ("Transfer-Encoding", "chunked")]).hasBody, true)
    }

    @Test("whether the connection stays")
    func keepingOpen() {
        check(Self.request("/").keepsOpen, true)
        check(Self.request("/", [("Host", "a"), ("Connection", "close")]).keepsOpen, false)
        check(Self.request("/", version: .http1_0).keepsOpen, false)
        check(Self.request("/", [("Host", "a"), ("Upgrade", "h2c"), ("Connection", "upgrade")]).keepsOpen, false)
    }

    @Test(
        "who wants JSON says so",
        arguments: [
            ("application/json", true), ("text/html, Application/JSON;q=0.9", true), ("*/*", false),
            ("text/plain", false), ("application/json; q=0", false), ("application/jsonl", false),
        ])
    func accept(text: String, isJSON: Bool) {
        check(Self.request("/", [("Host", "a"), ("Accept", text)]).prefersJSON, isJSON)
        check(Self.request("/").prefersJSON, false)
    }
}
