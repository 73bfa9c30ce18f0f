internal import Glibc

/// A file that was read, and which one it was then: another one may stand in its place by now.
package struct WatchedFile: Sendable, Hashable {
    /// What tells a file from another one, and from what it was before.
    private struct Identity: Hashable {
        let device: UInt
        let number: UInt
        let size: Int
        let modified: [Int]
        let changed: [Int]
    }

    /// Its path.
    package let path: String

    private let identity: Identity?

    /// Looks at a file, at the end of all symbolic links. It blocks on the file system.
    package init(_ path: String) {
        self.path = path
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            self.identity = nil
            return
        }
        self.identity = Identity(
            device: UInt(status.st_dev), number: UInt(status.st_ino), size: Int(status.st_size),
            modified: [status.st_mtim.tv_sec, status.st_mtim.tv_nsec],
            changed: [status.st_ctim.tv_sec, status.st_ctim.tv_nsec])
    }

    /// The file as it is now. It blocks on the file system.
    package var now: Self { Self(self.path) }
}
