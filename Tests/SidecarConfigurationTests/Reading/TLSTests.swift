import SidecarConfiguration
import Testing

@Suite struct TLSTests {
    private static let router = "router: { url: \"wss://h/ws\", realm: r, tls: "
    private static let database = "}\ndatabase: { url: d }\n"

    private static func load(
        _ tls: String, folder: String = "/etc/sidecar", checks: FormatChecks = FormatChecks()
    ) throws(ConfigurationFaults) -> RouterTLSSettings? {
        try ConfigurationFile.load(text: self.router + tls + self.database, folder: folder, checks: checks).router.tls
    }

    private static func faults(_ tls: String, checks: FormatChecks = FormatChecks()) -> [String] {
        do {
            _ = try self.load(tls, checks: checks)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test func allKeys() throws {
        let tls = try #require(
            try Self.load(
                """
                { ca_file: ca.pem, certificate_file: /etc/ssl/own.pem, key_file: own.key, key_password: s3cret,
                  server_name: router.test, minimum: "1.3", verify: full }
                """))
        #expect(tls.caFile?.path == "/etc/sidecar/ca.pem" && tls.caFile?.name.value == "ca.pem")
        #expect(tls.identity?.certificateFile.path == "/etc/ssl/own.pem")
        #expect(tls.identity?.keyFile?.path == "/etc/sidecar/own.key")
        #expect(tls.identity?.keyPassword?.reveal() == "s3cret")
        #expect(tls.serverName?.value == "router.test" && tls.minimum == .tls13 && tls.verify == .full)
        // Without quotes too, although YAML takes it for a number.
        #expect(try Self.load("{ minimum: 1.2 }")?.minimum == .tls12)
    }

    @Test func defaults() throws {
        #expect(try Self.load("{}") == RouterTLSSettings())
        let none =
            "router: { url: [\"ws://h/\", \"RSS://h:1\"], realm: r, tls: { verify: none } }\ndatabase: { url: d }"
        let tls = try #require(try ConfigurationFile.load(text: none).router.tls)
        #expect(tls.verify == .none && tls.caFile == nil && tls.identity == nil && tls.minimum == .tls12)
        #expect(try ConfigurationFile.load(text: minimal).router.tls == nil)
    }

    @Test(arguments: [
        ("{ verify: no }", "write full or none"), ("{ verify: false }", "write full or none"),
        ("{ minimum: \"1.1\" }", "'minimum' in router.tls is '1.1', which it can't be"),
        ("{ minimum: TLSv1.2 }", "write 1.2 or 1.3"),
        ("{ ca_file: \"\" }", "'ca_file' in router.tls is empty"),
        ("{ ca_file: a.pem, verify: none }", "'ca_file' in router.tls is of no use with verify: none"),
        ("{ key_file: a.key }", "'key_file' in router.tls is of no use without a certificate"),
        ("{ key_password: s3cret }", "'key_password' in router.tls is of no use without a certificate"),
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
            in: "router: { url: [\"ws://h/ws\", \"rs://h:1\"], realm: r, tls: {} }\ndatabase: { url: d }")
        #expect(
            found == [
                "sidecar.yaml:1:53: 'tls' in router goes with URLs with TLS, and there is none; write wss: or rss: in url, "
                    + "or remove it"
            ])
    }

    /// What the module that makes TLS finds gets its place.
    @Test func placesOfProblems() {
        let parts: [(TLSProblem.Part, String)] = [
            (.caFile, ":1:56: the file 'ca.pem' that 'ca_file' in router.tls names is empty; do"),
            (.certificateFile, ":1:82: the file 'own.pem' that 'certificate_file' in router.tls names is empty; do"),
            (.keyFile, ":1:101: the file 'own.key' that 'key_file' in router.tls names is empty; do"),
            (.keyPassword, ":1:124: 'key_password' in router.tls is empty; do"),
            (.serverName, ":1:145: 'server_name' in router.tls is empty; do"),
            (.other, ":1:40: 'tls' can't be had: OpenSSL is empty; do"),
        ]
        let text =
            "{ ca_file: ca.pem, certificate_file: own.pem, key_file: own.key, key_password: s3cret, server_name: h }"
        for (part, expected) in parts {
            let checks = FormatChecks(routerTLS: { settings in
                #expect(settings.caFile?.path == "/etc/sidecar/ca.pem" || settings.caFile?.path == "./ca.pem")
                return [TLSProblem(part: part, problem: "is empty", remedy: "do")]
            })
            let found = Self.faults(text, checks: checks)
            #expect(found.count == 1 && found[0].hasSuffix(expected), "\(found)")
        }
        // A key in the certificate's file.
        let checks = FormatChecks(routerTLS: { _ in [TLSProblem(part: .keyFile, problem: "is odd", remedy: "do")] })
        #expect(
            Self.faults("{ certificate_file: own.pem }", checks: checks)
                == ["sidecar.yaml:1:65: the file 'own.pem' that 'certificate_file' in router.tls names is odd; do"])
    }

    // MARK: - caller.tls

    @Test func caller() throws {
        let text = "caller: { listen: \"0.0.0.0:7432\", tls: { certificate_file: own.pem, key_file: own.key } }"
        let caller = try #require(
            try ConfigurationFile.load(text: "\(text)\n\(minimal)", folder: "/etc/sidecar").caller)
        #expect(caller.tls?.certificateFile.path == "/etc/sidecar/own.pem")
        #expect(caller.tls?.keyFile?.path == "/etc/sidecar/own.key" && !caller.insecure)
        let checks = FormatChecks(callerTLS: { _ in [TLSProblem(part: .keyFile, problem: "is odd", remedy: "do")] })
        #expect(
            SidecarConfigurationTests.faults(below: text, checks: checks)
                == ["sidecar.yaml:1:79: the file 'own.key' that 'key_file' in caller.tls names is odd; do"])
    }

    @Test(arguments: [
        ("{ listen: \"0.0.0.0:7432\", tls: {} }", "'certificate_file' is missing in caller.tls"),
        (
            "{ listen: \"/run/x:7432\", tls: { certificate_file: a } }",
            "'tls' in caller has no meaning for a Unix socket"
        ),
        ("{ listen: \"0.0.0.0:7432\" }", "isn't encrypted; add tls, listen on 127.0.0.1"),
        (
            "{ listen: \"0.0.0.0:1\", tls: { certificate_file: a, key_password: s3cret } }",
            "unknown key 'key_password' in caller.tls"
        ),
    ])
    func wrongCallers(_ caller: String, says text: String) {
        let found = SidecarConfigurationTests.faults(below: "caller: \(caller)")
        #expect(found.count == 1 && found[0].contains(text), "\(found)")
        #expect(!found.joined().contains("s3cret"))
    }
}
