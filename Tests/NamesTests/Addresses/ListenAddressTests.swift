import Names
import Testing

@Suite struct ListenAddressTests {
    @Test(arguments: ["127.0.0.1:7432", "[::1]:7432", "localhost:1", "127.9.8.7:65535", "/run/wamp-sidecar:7432"])
    func localAddresses(_ text: String) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.isLocal && address.description == text)
    }

    @Test(arguments: ["0.0.0.0:7432", "[::]:7432", "db.example.com:7432", "127.0.0.1.example.com:1", "127.0.0:1"])
    func addressesThatOthersReach(_ text: String) throws {
        let address = try #require(ListenAddress(text))
        #expect(!address.isLocal && address.description == text)
    }

    @Test(arguments: [
        "7432", ":7432", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x", "::1:7432", "[]:1",
        "[127.0.0.1]:1", "a b:1", "h:+1", "/\(String(repeating: "x", count: 100)):7432",
    ])
    func noAddresses(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test func socketPaths() {
        #expect(ListenAddress.unix(folder: "/run/x/", port: 7432).socketPath == "/run/x/.s.PGSQL.7432")
        #expect(ListenAddress.unix(folder: "/run/x", port: 7432).socketPath == "/run/x/.s.PGSQL.7432")
        #expect(ListenAddress.tcp(host: "127.0.0.1", port: 1).socketPath == nil)
    }

    @Test func asTheFileHasThem() {
        #expect("\(ListenAddress.tcp(host: "::1", port: 7432))" == "[::1]:7432")
        #expect("\(ListenAddress.unix(folder: "/run/x", port: 7432))" == "/run/x:7432")
    }
}
