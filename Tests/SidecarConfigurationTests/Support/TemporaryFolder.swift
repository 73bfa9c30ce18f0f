import Glibc

/// A folder that goes when its owner does.
final class TemporaryFolder {
    struct Failure: Error {
        let code: Int32
    }

    let path: String
    private var files: [String] = []

    init() throws {
        var template = Array("/tmp/sidecar-configuration.XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { throw Failure(code: errno) }
        self.path = String(cString: path)
    }

    deinit {
        for file in self.files { unlink(file) }
        rmdir(self.path)
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = "\(self.path)/\(name)"
        guard let file = fopen(path, "w") else { throw Failure(code: errno) }
        defer { fclose(file) }
        self.files.append(path)
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Failure(code: errno) }
        return path
    }

    /// Writes a text file and returns its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try self.write(name, Array(text.utf8)) }
}
