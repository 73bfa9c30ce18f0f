internal import CLibpq

/// A file that libpq's TLS looks for in `.postgresql` of the home folder, unless the URL names one.
package struct HomeFile: Sendable, Equatable {
    /// Its name there.
    package let name: String
    /// The keyword that names another file.
    package let keyword: String

    /// The certificate of the authority that must have signed the server's.
    package static let authority = HomeFile(name: "root.crt", keyword: "sslrootcert")
    /// The client's certificate.
    package static let certificate = HomeFile(name: "postgresql.crt", keyword: "sslcert")
}

extension ConnectionSettings {
    /// The files that libpq looks for in the folder that `HOME` names, for this connection.
    ///
    /// None if the connection uses no TLS, if the URL names other files, or if a service file, which may do either, is
    /// used. Before version 15 libpq takes the home folder from the user database, whatever `HOME` is.
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

    /// Unix sockets, which are also the default without a host, have no TLS.
    private var mayUseTCP: Bool {
        if self.effective("hostaddr") != nil { return true }
        let hosts = (self.effective("host") ?? "").split(separator: ",")
        return hosts.contains { !$0.hasPrefix("/") && !$0.hasPrefix("@") }
    }

    /// The effective value for a connection: the given one, that of libpq's environment, or libpq's own default; nil if
    /// there is none, or it is empty.
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
