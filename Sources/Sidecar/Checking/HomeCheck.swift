import Functions
import Glibc
import Postgres

/// Whether libpq finds the files of its TLS in the folder that `HOME` names. It continues without missing ones:
/// unverified, or unencrypted.
struct HomeCheck {
    /// Whether there is a file.
    enum Look: Equatable {
        case there
        case missing
        /// It can't be found out, for this reason.
        case hidden(String)
    }

    /// The value of `HOME`; nil if it is not set.
    let home: String?
    /// The home folder of the user that the process runs as; nil if the user database doesn't know it.
    let ownHome: String?
    let look: (_ path: String) -> Look

    /// - Parameter files: the files that libpq looks for there.
    /// - Returns: a warning; nil if there is none.
    func warning(_ files: [HomeFile]) -> String? {
        // Without `HOME` libpq asks the user database.
        guard let home = self.home, !home.isEmpty else { return nil }
        let own = self.ownHome.flatMap { $0 == home ? nil : $0 }
        for file in files {
            guard case .hidden(let reason) = self.look(self.path(file, in: home)) else { continue }
            return """
                HOME is \(home), and .postgresql can't be searched there (\(reason)): libpq continues without \
                \(self.list(files)), unverified or unencrypted; \(self.remedy(own, files))
                """
        }
        guard let own else { return nil }
        let unseen = files.filter {
            self.look(self.path($0, in: home)) == .missing && self.look(self.path($0, in: own)) == .there
        }
        guard !unseen.isEmpty else { return nil }
        return """
            HOME is \(home): libpq does not find \(self.list(unseen)) of \(own)/.postgresql, and continues without; \
            \(self.remedy(own, unseen))
            """
    }

    private func path(_ file: HomeFile, in home: String) -> String { "\(home)/.postgresql/\(file.name)" }

    private func list(_ files: [HomeFile]) -> String { files.map(\.name).joined(separator: " and ") }

    private func remedy(_ own: String?, _ files: [HomeFile]) -> String {
        let names = files.map(\.keyword).joined(separator: " and ")
        return "set HOME to \(own ?? "a folder of the sidecar's user"), or name \(names) in the URL"
    }
}

extension HomeCheck {
    /// The facts of this process.
    static var current: Self {
        Self(home: getenv("HOME").map { String(cString: $0) }, ownHome: self.homeOfUser) { path in
            var status = stat()
            guard stat(path, &status) != 0 else { return .there }
            return errno == ENOENT || errno == ENOTDIR ? .missing : .hidden(String(cString: strerror(errno)))
        }
    }

    private static var homeOfUser: String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getpwuid_r(geteuid(), &entry, &buffer, buffer.count, &found) == 0, let found else { return nil }
        return String(cString: found.pointee.pw_dir)
    }
}
