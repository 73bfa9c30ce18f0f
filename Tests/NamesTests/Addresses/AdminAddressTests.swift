import Names
import Testing

@Suite struct AdminAddressTests {
    @Test(arguments: ["127.0.0.1:9632", "[::1]:9632", "localhost:9632", "unix:/run/wamp-sidecar/admin.sock"])
    func localAddresses(_ text: String) throws {
        let address = try #require(AdminAddress(text))
        #expect(address.isLocal && address.description == text)
    }

    @Test(arguments: ["0.0.0.0:9632", "[::]:9632", "sidecar.example.com:9632"])
    func addressesThatOthersReach(_ text: String) throws {
        let address = try #require(AdminAddress(text))
        #expect(!address.isLocal && address.description == text)
    }

    @Test(arguments: [
        "9632", "/run/wamp-sidecar:9632", "unix:", "unix:admin.sock", "unix:/", "unix:/run/", "http://127.0.0.1:9632",
        "unix:/\(String(repeating: "x", count: 107))",
    ])
    func noAddresses(_ text: String) {
        #expect(AdminAddress(text) == nil)
    }
}
