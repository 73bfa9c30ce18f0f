import Glibc
import Testing

/// The certificates of `scripts/lib/certificates.sh`, made once for all tests, and gone when they are over.
enum Certificates {
    /// Where they are.
    static let folder: String = {
        var template = Array("/tmp/sidecar-configuration.XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { return "/nonexistent" }
        let folder = String(cString: path)
        // This file is Tests/SidecarConfigurationTests/Support/Certificates.swift.
        let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let status = system("bash '\(root)/scripts/lib/certificates.sh' '\(folder)' </dev/null >/dev/null 2>&1")
        if status != 0 { Issue.record("certificates.sh: exit code \(status >> 8)") }
        atexit { Certificates.remove() }
        return folder
    }()

    private static func remove() {
        if self.folder.hasPrefix("/tmp/") { _ = system("rm -r '\(self.folder)'") }
    }
}
