import Cryptography
import TestFolders
import Testing

@testable import SidecarConfiguration

@Suite struct AuthenticationTests {
    static let key = String(repeating: "5e", count: 32)
    static let database = "database: { url: postgresql://h/d }\n"

    private func credentials(
        _ auth: String, url: String = "ws://localhost", folder: String = "."
    ) throws -> AuthenticationSettings.Credentials {
        try ConfigurationFile.load(
            text: "router: { realm: r, url: \(url), auth: { \(auth) } }\n" + Self.database, folder: folder
        ).router.authentication.credentials
    }

    private func found(
        _ auth: String, url: String = "ws://localhost", folder: String = "."
    ) -> [String] {
        faults(
            in: "router: { realm: r, url: \(url), auth: { \(auth) } }\n" + Self.database, folder: folder)
    }

    @Test func methods() throws {
        #expect(try self.credentials("authid: me") == .anonymous(authid: "me"))
        #expect(try self.credentials("") == .anonymous(authid: nil))
        #expect(
            try self.credentials("method: ticket, authid: me, ticket: x")
                == .ticket(authid: "me", ticket: Secret("x")))
        #expect(
            try self.credentials("method: wampcra, authid: me, secret: x")
                == .wampcra(authid: "me", secret: Secret("x")))
        #expect(
            try self.credentials("method: scram, authid: me, secret: x")
                == .scram(authid: "me", secret: Secret("x"), dialect: .crossbar))
        #expect(
            try self.credentials("method: wamp-scram, authid: me, secret: x")
                == .scram(authid: "me", secret: Secret("x"), dialect: .specification))
        let key = try Ed25519PrivateKey(seed: SecretBytes([UInt8](repeating: 0x5E, count: 32)))
        #expect(
            try self.credentials("method: cryptosign, private_key: \(Self.key)")
                == .cryptosign(authid: nil, key: key, channelBinding: nil))
        #expect(
            try self.credentials("method: cryptosign, authid: me, private_key: \(Self.key)")
                == .cryptosign(authid: "me", key: key, channelBinding: nil))
    }

    @Test(arguments: [
        ("method: ticket", ["'authid' is missing", "'ticket' is missing"]),
        ("method: wampcra", ["'authid' is missing", "'secret' is missing"]),
        ("method: scram", ["'authid' is missing", "'secret' is missing in router.auth, which method 'scram' needs"]),
        ("method: wamp-scram, authid: a", ["'secret' is missing in router.auth, which method 'wamp-scram' needs"]),
        ("method: cryptosign, authid: a", ["'private_key' is missing"]),
        (
            "method: ticket, authid: a, secret: b",
            ["'ticket' is missing", "'secret' in router.auth belongs to another"]
        ),
        ("ticket: a", ["'ticket' in router.auth belongs to another method; write method: ticket, or remove 'ticket'"]),
        ("secret_file: a", ["names can't be read", "'secret_file' in router.auth belongs to another method"]),
        (
            "method: anonymous, secret: a",
            ["belongs to another method; write method: wampcra, scram or wamp-scram, or remove 'secret'"]
        ),
        (
            "method: ticket, authid: a, ticket: b, private_key: \(key)",
            ["write method: cryptosign, or remove 'private_key'"]
        ),
        ("method: tikcet, authid: a", ["did you mean 'ticket'?"]),
        ("method: wamp_scram, authid: a, secret: b", ["did you mean 'wamp-scram'?"]),
        (
            "method: wampcra, authid: a, secret: b, channel_binding: tls-unique",
            ["belongs to another method", "needs TLS"]
        ),
        (
            "method: cryptosign, private_key: \(key), channel_binding: tls-exporter",
            ["'tls-exporter', which is not allowed"]
        ),
        (
            "method: cryptosign, private_key: \(key), channel_binding: tls-unique",
            ["sidecar.yaml:1:", "'channel_binding' in router.auth needs TLS, which no URL of the router has"]
        ),
    ])
    func clashes(_ text: String, _ expected: [String]) {
        let found = self.found(text)
        if !expected.contains("sidecar.yaml:1:") { #expect(found.count == expected.count, "\(found)") }
        for part in expected { #expect(found.contains { $0.contains(part) }, "\(found)") }
    }

    // MARK: - Private keys

    @Test(arguments: [
        ("abc", "'private_key' in router.auth holds 3 characters where a private key has 64 hexadecimal digits"),
        ("hello", "'private_key' in router.auth holds no private key"),
        ("\"ssh-ed25519 AAAA\"", "'private_key' in router.auth holds a public key"),
        ("[\(key)]", "'private_key' in router.auth is a list instead of a text"),
        ("5", "'private_key' in router.auth is a number or a boolean, not a text; put it into quotes"),
    ])
    func keysThatAreNone(_ text: String, _ expected: String) {
        let found = self.found("method: cryptosign, private_key: \(text)")
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
        #expect(!found.contains { $0.contains(Self.key) })
    }

    @Test func keysInFiles() throws {
        let folder = TemporaryFolder()
        try folder.write("hex", Self.key + "\n")
        try folder.write("raw", [UInt8](repeating: 0x5E, count: 31) + [0])
        try folder.write("bad", "hunter2xyz\n")
        try folder.write("empty", "")
        let key = try Ed25519PrivateKey(seed: SecretBytes([UInt8](repeating: 0x5E, count: 32)))
        #expect(
            try self.credentials("method: cryptosign, private_key_file: hex", folder: folder.path)
                == .cryptosign(authid: nil, key: key, channelBinding: nil))
        #expect(self.found("method: cryptosign, private_key_file: raw", folder: folder.path).isEmpty)
        let bad = self.found("method: cryptosign, private_key_file: bad", folder: folder.path)
        #expect(
            bad == [
                "sidecar.yaml:1:88: the file 'bad' that 'private_key_file' in router.auth names holds no private "
                    + "key; it has to be "
                    + "64 hexadecimal digits, or what 'openssl genpkey -algorithm ed25519' or 'ssh-keygen -t "
                    + "ed25519' writes"
            ])
        for file in ["empty", "none", "."] {
            let found = self.found("method: cryptosign, private_key_file: \(file)", folder: folder.path)
            #expect(found.count == 1 && found[0].contains("the file '\(file)' that"), "\(found)")
        }
        let both = self.found(
            "method: cryptosign, private_key: \(Self.key), private_key_file: hex", folder: folder.path)
        #expect(both.count == 1 && both[0].contains("is another form of 'private_key'"), "\(both)")
    }

    // MARK: - Names and passwords of SCRAM

    @Test func textsThatCannotBePrepared() throws {
        let folder = TemporaryFolder()
        try folder.write("decomposed", "e\u{301}\n")
        let found = self.found("method: scram, authid: \"e\u{301}\", secret_file: decomposed", folder: folder.path)
        #expect(found.count == 2)
        #expect(found.contains { $0.contains("'authid' in router.auth has a character that can't be brought into") })
        #expect(found.contains { $0.contains("'secret' in router.auth has a character that can't be brought into") })
        #expect(
            self.found("method: wampcra, authid: \"e\u{301}\", secret_file: decomposed", folder: folder.path).isEmpty)
        #expect(self.found("method: scram, authid: größe, secret: größe").isEmpty)
    }

    // MARK: - Methods that need TLS

    @Test func certificates() {
        let none = self.found("method: tls")
        #expect(none.contains { $0.contains("'method' in router.auth is 'tls', and no URL of the router has TLS") })
        #expect(
            none.contains {
                $0.contains("'method' in router.auth is 'tls', which needs a client certificate; add e.g.")
            })
    }

    @Test func certificatesWithTLS() throws {
        let tls = "\"wss://h\", tls: { certificate_file: client.pem, key_file: client.key }"
        #expect(try self.credentials("method: tls", url: tls, folder: CertificateFolder.path) == .tls(authid: nil))
        #expect(
            try self.credentials("method: tls, authid: me", url: tls, folder: CertificateFolder.path)
                == .tls(authid: "me")
        )
        let none = self.found(
            "method: tls", url: "\"wss://h\", tls: { ca_file: ca.pem }", folder: CertificateFolder.path)
        #expect(none.count == 1 && none[0].contains("which needs a client certificate"), "\(none)")
    }

    @Test func aBindingNeedsOneURLWithTLS() throws {
        let auth = "method: cryptosign, private_key: \(Self.key), channel_binding: tls-unique"
        let key = try Ed25519PrivateKey(seed: SecretBytes([UInt8](repeating: 0x5E, count: 32)))
        let bound = AuthenticationSettings.Credentials.cryptosign(authid: nil, key: key, channelBinding: .tlsUnique)
        for url in ["\"wss://h\"", "\"RSS://h:1\"", "[\"ws://h\", \"wss://h\"]"] {
            #expect(try self.credentials(auth, url: url) == bound)
        }
        let plain = self.found(auth, url: "[\"ws://h\", \"rs://h:1\"]")
        #expect(plain.count == 1 && plain[0].contains("needs TLS, which no URL of the router has"), "\(plain)")
    }

    @Test func aTicketOnAnOpenLineIsRefused() {
        let urls = "[\"ws://[::1]\", \"ws://far\"]"
        let ticket = "method: ticket, authid: a, ticket: b"
        #expect(
            self.found(ticket, url: urls) == [
                "sidecar.yaml:1:41: the ticket would go unencrypted to another host; "
                    + "use wss:// or rss://, or another method, or allow it by insecure: true in router"
            ])
        #expect(self.found(ticket, url: "\(urls), insecure: true").isEmpty)
        for other in ["wampcra", "scram"] {
            #expect(self.found("method: \(other), authid: a, secret: b", url: urls).isEmpty)
        }
    }
}
