import Glibc

/// The certificates of `scripts/lib/certificates.sh`, made once for all tests of a process, and removed after them.
package enum CertificateFolder {
    /// Where they are; a folder that is not there if they could not be made, which each test that needs them reports.
    package static let path: String = {
        let folder = Shell.run("mktemp -d").output.filter { !$0.isNewline }
        // This file is Tests/TestFolders/CertificateFolder.swift.
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        guard !folder.isEmpty, Shell.run("bash '\(root)/scripts/lib/certificates.sh' '\(folder)'").status == 0 else {
            return "/nonexistent"
        }
        atexit { Shell.run("rm -r '\(CertificateFolder.path)'") }
        return folder
    }()
}
