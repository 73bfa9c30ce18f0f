import Functions
import Glibc
import Postgres

/// Whether libpq finds the files of its TLS where `HOME` has it look for them. It goes on without those that it does not find: unverified, or
/// unencrypted.
struct HomeCheck {
    /// Whether there is a file.
    enum Look: Equatable {
        case there
        case missing
        /// It can't be known, and why.
        case hidden(String)
    }

    /// What `HOME` says; nil if it says nothing.
    let home: String?
    /// The home folder of the user that the process runs as; nil if the user database doesn't know it.
    let ownHome: String?
    let look: (_ path: String) -> Look

    /// - Parameter files: those that libpq looks for there.
    /// - Returns: what somebody should know; nil if nothing.
    func warning(_ files: [HomeFile]) -> String? {
        // Without one libpq asks the user database.
        guard let home = self.home, !home.isEmpty else { return nil }
        let own = self.ownHome.flatMap { $0 == home ? nil : $0 }
        for file in files {
            guard case .hidden(let reason) = self.look(self.path(file, in: home)) else { continue }
            return """
                HOME is \(home), and .postgresql can't be looked into there (\(reason)): libpq goes on without \(self.list(files)), \
                unverified or unencrypted; \(self.remedy(own, files))
                """
        }
        guard let own else { return nil }
        let unseen = files.filter {
            self.look(self.path($0, in: home)) == .missing && self.look(self.path($0, in: own)) == .there
        }
        guard !unseen.isEmpty else { return nil }
        return """
            HOME is \(home): libpq does not see \(self.list(unseen)) of \(own)/.postgresql, and goes on without; \
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
    /// This process's.
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
