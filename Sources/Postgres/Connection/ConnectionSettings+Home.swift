internal import CLibpq

/// A file that libpq's TLS looks for in `.postgresql` of the home folder, where the URL does not name one.
package struct HomeFile: Sendable, Equatable {
    /// As it is called there.
    package let name: String
    /// What names another one.
    package let keyword: String

    /// The authority that the server's certificate has to be of.
    package static let authority = HomeFile(name: "root.crt", keyword: "sslrootcert")
    /// What the client proves who it is by.
    package static let certificate = HomeFile(name: "postgresql.crt", keyword: "sslcert")
}

extension ConnectionSettings {
    /// The files that libpq looks for in the folder that `HOME` names, for this connection.
    ///
    /// None where it makes no TLS, where others are named, and where a service file, which may do either, is used.
    /// Before version 15 libpq asks the user database for the home folder, whatever `HOME` says.
    package var filesOfHome: [HomeFile] {
        guard PQlibVersion() >= 150_000, self.effective("service") == nil, self.effective("sslmode") != "disable",
            self.mayUseTCP
        else { return [] }
        var files: [HomeFile] = []
        if self.effective(HomeFile.authority.keyword) == nil { files.append(.authority) }
        if self.effective(HomeFile.certificate.keyword) == nil, self.effective("sslcertmode") != "disable" {
            files.append(.certificate)
        }
        return files
    }

    /// TLS is not made on Unix sockets, which is also what there is where no host is named.
    private var mayUseTCP: Bool {
        if self.effective("hostaddr") != nil { return true }
        let hosts = (self.effective("host") ?? "").split(separator: ",")
        return hosts.contains { !$0.hasPrefix("/") && !$0.hasPrefix("@") }
    }

    /// What holds for a connection: as given, by libpq's environment, or libpq's own default; nil if there is none, or
    /// it is empty.
    private func effective(_ keyword: String) -> String? {
        guard let value = self.value(keyword) ?? Self.fallback(keyword), !value.isEmpty else { return nil }
        return value
    }

    private static func fallback(_ keyword: String) -> String? {
        guard let options = unsafe PQconndefaults() else { return nil }
        defer { unsafe PQconninfoFree(options) }
        var next = unsafe options
        while let name = unsafe next.pointee.keyword {
            if unsafe String(cString: name) == keyword {
                return unsafe next.pointee.val.map { unsafe String(cString: $0) }
            }
            unsafe next += 1
        }
        return nil
    }
}
