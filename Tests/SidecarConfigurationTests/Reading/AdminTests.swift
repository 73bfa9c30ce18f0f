import Names
import SidecarConfiguration
import TestFolders
import Testing

@Suite struct AdminTests {
    @Test func allKeys() throws {
        let text = """
            admin:
              listen: 0.0.0.0:9632
              pages: [status, health]
              password: s3cret
              stuck_after: 2m
              insecure: true
            """
        let admin = try #require(try load(text).admin)
        #expect(admin.location == Location(line: 1, column: 1))
        #expect(admin.listen == Located(.tcp(host: "0.0.0.0", port: 9632), at: Location(line: 2, column: 11)))
        #expect(admin.pages == [.status, .health] && admin.password?.reveal() == "s3cret")
        #expect(admin.tls == nil && admin.stuckAfter == .seconds(120) && admin.insecure)
    }

    @Test func defaults() throws {
        #expect(try load("log: {}").admin == nil)
        for listen in ["127.0.0.1:9632", "unix:/run/wamp/admin.sock"] {
            let admin = try #require(try load("admin: { listen: \"\(listen)\" }").admin)
            #expect(admin.pages == [.health, .metrics, .status])
            #expect(admin.password == nil && admin.tls == nil && admin.stuckAfter == .seconds(60) && !admin.insecure)
        }
        #expect(try load("admin: { listen: \"[::]:9632\" }").admin?.pages == [.health, .metrics])
    }

    @Test func statusForOthers() throws {
        let exposed = "admin: { listen: \"0.0.0.0:9632\", pages: [status]"
        let fault =
            "sidecar.yaml:1:41: 'pages' in admin shows the status, which names procedures and hosts, where other "
            + "machines reach it; add password_file and tls, leave out status, or allow it by insecure: true"
        #expect(faults(below: "\(exposed) }") == [fault])
        #expect(faults(below: "\(exposed), password: s3cret }") == [fault])
        let folder = CertificateFolder.path
        let tls = "tls: { certificate_file: \(folder)/client.pem, key_file: \(folder)/client.key }"
        #expect(faults(below: "\(exposed), \(tls) }") == [fault])
        #expect(faults(below: "\(exposed), \(tls), password: s3cret }") == [])
        #expect(faults(below: "\(exposed), insecure: true }") == [])
    }

    @Test(arguments: ["9632", "/run/wamp:9632", "unix:admin.sock"])
    func noAddresses(_ text: String) {
        #expect(
            faults(below: "admin: { listen: \"\(text)\" }") == [
                "sidecar.yaml:1:18: 'listen' in admin is no address that can be listened on; write host:port, "
                    + "[address]:port or unix:/folder/name, e.g. listen: \"127.0.0.1:9632\""
            ])
    }

    @Test func pagesThatAreNone() {
        let base = "admin: { listen: \"127.0.0.1:9632\", pages"
        #expect(
            faults(below: "\(base): [] }") == [
                "sidecar.yaml:1:43: 'pages' in admin is an empty list; write pages: [health]"
            ])
        #expect(
            faults(below: "\(base): [health, health] }") == [
                "sidecar.yaml:1:52: 'health' is twice in 'pages' in admin; remove one of the two"
            ])
        #expect(
            faults(below: "\(base): [metric] }") == [
                "sidecar.yaml:1:44: 'pages' in admin is 'metric', which it can't be; did you mean 'metrics'?"
            ])
        #expect(
            faults(below: "\(base): health }") == [
                "sidecar.yaml:1:43: 'pages' in admin is a single value instead of a list; write e.g. pages: [health]"
            ])
    }

    @Test func encryptionWhereNobodyListens() {
        let folder = CertificateFolder.path
        #expect(
            faults(
                below: "admin: { listen: \"unix:/run/a\", tls: { certificate_file: \(folder)/client.pem, "
                    + "key_file: \(folder)/client.key } }") == [
                    "sidecar.yaml:1:33: 'tls' in admin has no meaning for a Unix socket, which nobody can listen in on; "
                        + "remove it"
                ])
    }
}
