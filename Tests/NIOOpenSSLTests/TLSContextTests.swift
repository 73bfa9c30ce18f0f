import Glibc
import NIOOpenSSL
import Testing

@Suite struct TLSContextTests {
    private static func fault(_ change: (inout TLSConfiguration) -> Void) -> String {
        do {
            _ = try Certificates.client(change)
            return "no fault"
        } catch {
            return "\(error)"
        }
    }

    private static func client(_ certificate: String, _ key: String, password: String? = nil) -> String {
        self.fault {
            $0.certificateFile = Certificates.path(certificate)
            $0.keyFile = Certificates.path(key)
            $0.keyPassword = password
        }
    }

    @Test func filesThatFit() {
        #expect(Self.client("client.pem", "client.key") == "no fault")
        #expect(Self.client("client.pem", "client.key", password: "not needed") == "no fault")
        #expect(Self.client("client.pem", "client-encrypted.key", password: "key-password") == "no fault")
        let both = Certificates.write("both.pem", Certificates.bytes("client.key") + Certificates.bytes("client.pem"))
        #expect(Self.fault { $0.certificateFile = both } == "no fault")
        let bundle = Certificates.write(
            "bundle.pem", Certificates.bytes("ca.pem") + Certificates.bytes("strangers.pem"))
        #expect(Self.fault { $0.trust = .file(bundle) } == "no fault")
        #expect(Self.fault { $0.trust = .system } == "no fault")
    }

    @Test(arguments: [
        ("none.pem", "can't be read (No such file or directory); correct the path, or create the file"),
        ("", "is a folder"), ("client.key", "holds a private key, but no certificate"),
        ("client.der", "is not in PEM format; it may be DER"), ("index.attr", "holds no certificate in PEM format"),
    ])
    func authorities(_ file: String, says text: String) {
        let fault = Self.fault { $0.trust = .file(Certificates.path(file)) }
        #expect(fault.hasPrefix("the file of authorities \(text)"), "\(fault)")
        #expect(Self.client(file, "client.key").hasPrefix("the certificate's file \(text)"))
    }

    @Test func damagedFiles() {
        let empty = Certificates.write("empty.pem", [])
        #expect(Self.fault { $0.trust = .file(empty) }.contains("is empty"))
        var bytes = Certificates.bytes("ca.pem")
        bytes.removeSubrange(100..<110)
        let broken = Certificates.write("broken.pem", Certificates.bytes("strangers.pem") + bytes)
        #expect(Self.fault { $0.trust = .file(broken) }.contains("has a damaged certificate, the one after 1 ("))
        let half = Certificates.write("half.pem", Array(Certificates.bytes("ca.pem").prefix(200)))
        #expect(Self.fault { $0.trust = .file(half) }.contains("has a damaged certificate"))
        let large = Certificates.write("large.pem", [UInt8](repeating: 0x0A, count: 5 << 20))
        #expect(Self.fault { $0.trust = .file(large) }.contains("is larger than"))
        #expect(Self.fault { $0.trust = .file("/dev/zero") }.contains("is not a regular file"))
        mkfifo(Certificates.path("pipe"), 0o600)
        #expect(Self.fault { $0.trust = .file(Certificates.path("pipe")) }.contains("is not a regular file"))
        var key = Certificates.bytes("client.key")
        key.removeSubrange(60..<70)
        let brokenKey = Certificates.write("broken.key", key)
        #expect(
            Self.fault {
                $0.certificateFile = Certificates.path("client.pem")
                $0.keyFile = brokenKey
            }.contains("holds a private key that is damaged"))
    }

    @Test func keys() {
        #expect(Self.client("client.pem", "server.key").contains("does not belong to the certificate"))
        #expect(Self.client("client.pem", "weak.key").contains("does not belong to the certificate"))
        #expect(Self.client("client.pem", "client.pem").contains("holds a certificate, but no private key"))
        #expect(Self.client("client.pem", "none.key").contains("the key's file can't be read"))
        for key in ["client-encrypted.key", "client-encrypted-old.key"] {
            #expect(Self.client("client.pem", key).contains("is encrypted, and there is no password for it"))
            #expect(Self.client("client.pem", key, password: "wrong").contains("password does not decrypt the key"))
            #expect(Self.client("client.pem", key, password: "").contains("password does not decrypt the key"))
            let long = String(repeating: "x", count: 5000)
            let fault = Self.client("client.pem", key, password: long)
            #expect(fault.contains("is longer than OpenSSL takes"))
        }
    }

    /// The distribution decides which keys are strong enough.
    @Test func weakKeys() {
        let fault = Self.client("weak.pem", "weak.key")
        let refusal = "the certificate's file is refused by OpenSSL (ee key too small)"
        #expect(fault == "no fault" || fault.contains(refusal))
    }

    @Test(arguments: ["", "a\0b", String(repeating: "a", count: 300), ".example.com"])
    func invalidNames(_ name: String) throws {
        let context = try Certificates.client()
        #expect(throws: TLSError.self) { _ = try TLSConnection(context, name: .host(name)) }
        #expect(throws: TLSError.self) { _ = try TLSConnection(context) }
        #expect(throws: TLSError.self) { _ = try TLSConnection(context, name: .address("not an address")) }
    }
}
