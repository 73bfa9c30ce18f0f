import NIOOpenSSL
import SidecarConfiguration
import TestFolders
import Testing

@Suite struct TLSTests {
    private static let router = "router: { url: \"wss://h/ws\", realm: r, tls: "
    private static let database = "}\ndatabase: { url: dbname=d }\n"

    private static func load(
        _ tls: String, folder: String = CertificateFolder.path
    ) throws(ConfigurationFaults) -> RouterTLSSettings? {
        try ConfigurationFile.load(text: self.router + tls + self.database, folder: folder).router.tls
    }

    private static func faults(_ tls: String) -> [String] {
        do {
            _ = try self.load(tls)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test func allKeys() throws {
        let folder = CertificateFolder.path
        let tls = try #require(
            try Self.load(
                """
                { ca_file: ca.pem, certificate_file: \(folder)/client.pem, key_file: client-encrypted.key, \
                key_password: key-password,
                  server_name: router.test, minimum: "1.3", verify: full }
                """))
        #expect(tls.caFile?.path == "\(folder)/ca.pem" && tls.caFile?.name.value == "ca.pem")
        #expect(tls.identity?.certificateFile.path == "\(folder)/client.pem")
        #expect(tls.identity?.keyFile?.path == "\(folder)/client-encrypted.key")
        #expect(tls.identity?.keyPassword?.reveal() == "key-password")
        #expect(tls.serverName?.value == "router.test" && tls.minimum == .tls13 && tls.verify == .full)
        // Without quotes too, although YAML takes it for a number.
        #expect(try Self.load("{ minimum: 1.2 }")?.minimum == .tls12)
    }

    @Test func defaults() throws {
        #expect(try Self.load("{}") == RouterTLSSettings())
        let none =
            "router: { url: [\"ws://h/\", \"RSS://h:1\"], realm: r, tls: { verify: none } }\ndatabase: { url: "
            + "dbname=d }"
        let tls = try #require(try ConfigurationFile.load(text: none).router.tls)
        #expect(tls.verify == .none && tls.caFile == nil && tls.identity == nil && tls.minimum == .tls12)
        #expect(try ConfigurationFile.load(text: minimal).router.tls == nil)
    }

    @Test(arguments: [
        ("{ verify: no }", "write full or none"), ("{ verify: false }", "write full or none"),
        ("{ minimum: \"1.1\" }", "'minimum' in router.tls is '1.1', which is not allowed"),
        ("{ minimum: TLSv1.2 }", "write 1.2 or 1.3"),
        ("{ ca_file: \"\" }", "'ca_file' in router.tls is empty"),
        ("{ ca_file: a.pem, verify: none }", "'ca_file' in router.tls has no effect with verify: none"),
        ("{ key_file: a.key }", "'key_file' in router.tls has no effect without a certificate"),
        ("{ key_password: s3cret }", "'key_password' in router.tls has no effect without a certificate"),
        ("{ ca: a.pem }", "unknown key 'ca' in router.tls"),
        ("true", "there is a single value where keys are expected"),
    ])
    func wrongValues(_ tls: String, says text: String) {
        let found = Self.faults(tls)
        #expect(found.count == 1 && found[0].contains(text), "\(found)")
        #expect(!found.joined().contains("s3cret"))
    }

    @Test func withoutAURLThatNeedsIt() {
        let found = SidecarConfigurationTests.faults(
            in: "router: { url: [\"ws://h/ws\", \"rs://h:1\"], realm: r, tls: {} }\ndatabase: { url: dbname=d }")
        #expect(
            found == [
                "sidecar.yaml:1:53: 'tls' in router is for URLs with TLS, and there is none; write wss: or rss: in "
                    + "url, "
                    + "or remove it"
            ])
    }

    /// Faulty files and names are reported at their own places.
    @Test(arguments: [
        (
            "{ ca_file: none.pem, certificate_file: client.pem, key_file: client.key }",
            ":1:56: the file 'none.pem' that 'ca_file'"
        ),
        ("{ certificate_file: none.pem, key_file: client.key }", ":1:65: the file 'none.pem' that 'certificate_file'"),
        ("{ certificate_file: client.pem, key_file: none.key }", ":1:87: the file 'none.key' that 'key_file'"),
        // The key is searched for after the certificate.
        ("{ certificate_file: client.pem }", ":1:65: the file 'client.pem' that 'certificate_file'"),
        (
            "{ certificate_file: client.pem, key_file: client-encrypted.key, key_password: s3cret }",
            ": 'key_password' in router.tls "
        ),
        ("{ server_name: .. }", ":1:60: 'server_name' in router.tls "),
    ])
    func placesOfProblems(_ tls: String, says text: String) {
        let found = Self.faults(tls)
        #expect(found.count == 1 && found[0].contains(text), "\(found)")
        #expect(!found.joined().contains("s3cret"))
    }

    @Test func whomWeTrustAndWhoWeAreHaveAFaultEach() {
        let found = Self.faults("{ ca_file: none.pem, certificate_file: none.pem, key_file: client.key }")
        #expect(found.count == 2, "\(found)")
    }

    @Test func aContextIsMadeWhereAURLNeedsOne() throws {
        #expect(try ConfigurationFile.load(text: minimal).router.tlsContext == nil)
        let plain = "router: { url: \"wss://h/\", realm: r }\ndatabase: { url: dbname=d }"
        #expect(try ConfigurationFile.load(text: plain).router.tlsContext?.isVerifying == true)
        let trusting = "router: { url: \"wss://h/\", realm: r, tls: { verify: none } }\ndatabase: { url: dbname=d }"
        #expect(try ConfigurationFile.load(text: trusting).router.tlsContext?.isVerifying == false)
    }

    // MARK: - caller.tls

    @Test func caller() throws {
        let text = "caller: { listen: \"0.0.0.0:7432\", tls: { certificate_file: server.pem, key_file: server.key } }"
        let caller = try #require(
            try ConfigurationFile.load(text: "\(text)\n\(minimal)", folder: CertificateFolder.path).caller)
        #expect(caller.tls?.role == .server && caller.tls?.endPoint != nil && !caller.insecure)
        let found = SidecarConfigurationTests.faults(
            below: text.replacing("server.key", with: "none.key"), folder: CertificateFolder.path)
        #expect(
            found.count == 1
                && found[0].hasPrefix("sidecar.yaml:1:82: the file 'none.key' that 'key_file' in caller.tls names "),
            "\(found)")
    }

    @Test(arguments: [
        ("{ listen: \"0.0.0.0:7432\", tls: {} }", "'certificate_file' is missing in caller.tls"),
        (
            "{ listen: \"/run/x:7432\", tls: { certificate_file: server.pem, key_file: server.key } }",
            "'tls' in caller has no meaning for a Unix socket"
        ),
        ("{ listen: \"0.0.0.0:7432\" }", "is not encrypted; add tls, listen on 127.0.0.1"),
        (
            "{ listen: \"0.0.0.0:1\", tls: { certificate_file: server.pem, key_file: server.key, key_password: "
                + "s3cret } }",
            "unknown key 'key_password' in caller.tls"
        ),
    ])
    func wrongCallers(_ caller: String, says text: String) {
        let found = SidecarConfigurationTests.faults(below: "caller: \(caller)", folder: CertificateFolder.path)
        #expect(found.count == 1 && found[0].contains(text), "\(found)")
        #expect(!found.joined().contains("s3cret"))
    }
}
