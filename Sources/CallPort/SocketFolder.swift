import Glibc

/// The folder of a Unix socket: who else may write there could put a socket of his own in the place of ours, and be
/// sent password and calls.
struct SocketFolder {
    /// As the file names it.
    let path: String
    /// Who we are.
    let user: uid_t
    /// The group that we are in first.
    let group: gid_t

    /// The folder of a file.
    init(holding path: String) {
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) }
        self.init(path: folder.map { $0.isEmpty ? "/" : $0 } ?? ".")
    }

    /// A folder by its name.
    init(path: String, user: uid_t = geteuid(), group: gid_t = getegid()) {
        self.path = path
        self.user = user
        self.group = group
    }

    /// What is wrong, in a user's words, and what to do; nil if only we and root may write there. The folders above
    /// count too: who may rename what is in them may exchange the folder.
    var fault: String? {
        guard let resolved = realpath(self.path, nil) else {
            return errno == ENOENT || errno == ENOTDIR ? nil : "the folder can't be looked at (errno \(errno))"
        }
        defer { free(resolved) }
        var path = String(cString: resolved)
        var status = stat()
        guard stat(path, &status) == 0 else { return "the folder can't be looked at (errno \(errno))" }
        guard status.st_uid == self.user || status.st_uid == 0 else {
            return """
                the folder \(path) belongs to another user, who could listen there as well; \
                give the sidecar's user its own folder
                """
        }
        if self.isOpen(status) {
            return
                """
                others may write in \(path), and listen there as well; chmod go-w it, or take a folder of the \
                sidecar's own
                """
        }
        while let slash = path.lastIndex(of: "/"), path != "/" {
            path = slash == path.startIndex ? "/" : String(path[..<slash])
            guard stat(path, &status) == 0 else { continue }
            if self.isOpen(status), status.st_mode & S_ISVTX == 0 {
                return "others may write in \(path), and exchange the folder in it; chmod go-w it"
            }
        }
        return nil
    }

    private func isOpen(_ status: stat) -> Bool {
        status.st_mode & S_IWOTH != 0
            || (status.st_mode & S_IWGRP != 0 && status.st_gid != self.group && status.st_gid != 0)
    }
}
