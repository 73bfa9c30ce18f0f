import Glibc
import NIOOpenSSL
import TestFolders

/// The tests' certificates, and what is made of them.
enum Certificates {
    /// The path of one of the files.
    static func path(_ name: String) -> String { "\(CertificateFolder.path)/\(name)" }

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
