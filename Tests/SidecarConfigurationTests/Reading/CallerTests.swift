import Names
import SidecarConfiguration
import Testing

@Suite struct CallerTests {
    @Test func allKeys() throws {
        let text = """
            caller:
              listen: 0.0.0.0:7432
              connect: host=sidecar port=7432
              password: s3cret
              status_password: other
              timeout: 2s
              sessions: 10
              insecure: true
              allow_meta: true
            """
        let caller = try #require(try load(text).caller)
        #expect(caller.listen == Located(.tcp(host: "0.0.0.0", port: 7432), at: Location(line: 2, column: 11)))
        #expect(
            caller.connect?.value.all.map { "\($0.name)=\($0.value)" } == ["host=sidecar", "port=7432"]
                && caller.password?.reveal() == "s3cret")
        #expect(caller.statusPassword?.reveal() == "other")
        #expect(caller.timeout == .seconds(2) && caller.sessions == 10 && caller.insecure && caller.allowMeta)
    }

    @Test func defaults() throws {
        #expect(try load("log: {}").caller == nil)
        let caller = try #require(try load("caller: { listen: \"/run/wamp:7432\" }").caller)
        #expect(caller.listen.value == .unix(folder: "/run/wamp", port: 7432))
        #expect(caller.connect == nil && caller.password == nil && caller.timeout == .seconds(10))
        #expect(caller.statusPassword == nil)
        #expect(caller.sessions == 500 && !caller.insecure && !caller.allowMeta)
    }

    @Test(arguments: ["0.0.0.0:7432", "[::]:7432"])
    func addressesThatOthersReach(_ text: String) {
        let found = faults(below: "caller: { listen: \"\(text)\" }")
        #expect(
            found == [
                "sidecar.yaml:1:19: 'listen' in caller can be reached from other machines, and its traffic is not "
                    + "encrypted; add tls, listen on 127.0.0.1 or in a folder, or allow it by insecure: true"
            ])
    }

    @Test(arguments: ["7432", "::1:7432"])
    func noAddresses(_ text: String) {
        let found = faults(below: "caller: { listen: \"\(text)\" }")
        #expect(found.count == 1 && found[0].contains("'listen' in caller is not an address"), "\(found)")
    }

    @Test(arguments: [
        ("host", "missing \"…\" after \"…\" in connection info string"),
        ("host=h password=s3cret", "has 'password', which the sidecar sets itself; remove it"),
        ("user=u", "has 'user', which the sidecar sets itself; remove it"),
    ])
    func connectionsThatCanNotBeOnes(_ text: String, _ problem: String) {
        #expect(
            faults(below: "caller: { listen: \"127.0.0.1:1\", connect: \(text) }") == [
                "sidecar.yaml:1:43: 'connect' in caller \(problem); write e.g. connect: host=sidecar port=7432"
            ])
    }
}
