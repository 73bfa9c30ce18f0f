import Glibc

/// A folder that is gone when the test is over.
package struct TemporaryFolder: ~Copyable {
    package struct Failure: Error {
        package let code: Int32
    }

    package let path: String

    package init() {
        self.path = Shell.run("mktemp -d").output.filter { !$0.isNewline }
    }

    deinit {
        if !self.path.isEmpty { Shell.run("rm -r '\(self.path)'") }
    }

    /// Writes a file and returns its path.
    @discardableResult
    package func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = "\(self.path)/\(name)"
        guard let file = fopen(path, "w") else { throw Failure(code: errno) }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Failure(code: errno) }
        return path
    }

    /// Writes a text file and returns its path.
    @discardableResult
    package func write(_ name: String, _ text: String) throws -> String { try self.write(name, Array(text.utf8)) }
}
