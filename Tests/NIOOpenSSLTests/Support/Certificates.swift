import Glibc
import NIOOpenSSL
import Testing

/// The certificates of `scripts/lib/certificates.sh`, made once for all tests, and removed after them.
enum Certificates {
    private static let folder: String = {
        var template = Array("/tmp/nio-openssl.XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { return "/nonexistent" }
        let folder = String(cString: path)
        let root = #filePath.components(before: "/Tests/NIOOpenSSLTests/")
        let status = system("bash '\(root)/scripts/lib/certificates.sh' '\(folder)' </dev/null >/dev/null 2>&1")
        if status != 0 { Issue.record("certificates.sh: exit code \(status >> 8)") }
        atexit { Certificates.remove() }
        return folder
    }()

    private static func remove() {
        if self.folder.hasPrefix("/tmp/") { _ = system("rm -r '\(self.folder)'") }
    }

    /// The path of one of the files.
    static func path(_ name: String) -> String { "\(self.folder)/\(name)" }

    /// Writes a file next to them, and returns its path.
    static func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644) -> String {
        let path = self.path(name)
        if let file = fopen(path, "w") {
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
        }
        chmod(path, mode)
        return path
    }

    /// The octets of one of the files.
    static func bytes(_ name: String) -> [UInt8] {
        guard let file = fopen(self.path(name), "r") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }

    /// A server with one of the certificates.
    static func server(
        _ name: String = "server", _ change: (inout TLSConfiguration) -> Void = { _ in }
    ) throws -> TLSContext {
        var configuration = TLSConfiguration()
        configuration.certificateFile = self.path("\(name).pem")
        configuration.keyFile = self.path("\(name).key")
        configuration.verification = .none
        change(&configuration)
        return try TLSContext(configuration, role: .server)
    }

    /// A client that trusts the tests' authority.
    static func client(_ change: (inout TLSConfiguration) -> Void = { _ in }) throws -> TLSContext {
        var configuration = TLSConfiguration()
        configuration.trust = .file(self.path("ca.pem"))
        change(&configuration)
        return try TLSContext(configuration, role: .client)
    }
}

extension String {
    fileprivate func components(before part: String) -> Substring {
        self.firstRange(of: part).map { self[..<$0.lowerBound] } ?? Substring(self)
    }
}
