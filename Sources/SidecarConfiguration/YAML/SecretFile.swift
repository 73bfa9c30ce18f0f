internal import Cryptography
internal import Glibc

/// Reads the small files that contain one secret each, straight into memory that is wiped.
enum SecretFile {
    private static let greatestSize = 65_536

    /// The octets of a file, as they are.
    static func read(_ path: String) throws(TextFile.Failure) -> SecretBytes {
        let descriptor = try TextFile.open(path)
        defer { close(descriptor) }
        let content = try unsafe SecretBytes(capacity: self.greatestSize + 1) { memory throws(TextFile.Failure) in
            var count = 0
            while true {
                let free = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...])
                let more = try unsafe TextFile.read(descriptor, into: free)
                count += more
                guard count <= self.greatestSize else { throw TextFile.tooLarge(self.greatestSize) }
                if more == 0 { return count }
            }
        }
        guard !content.isEmpty else { throw self.empty }
        // The rest of the memory is freed.
        return content.part(0..<content.count) ?? content
    }

    /// The text of a file, without a byte order mark and without one line end.
    static func text(_ path: String) throws(TextFile.Failure) -> SecretBytes {
        let content = try self.read(path)
        let start = content.starts(with: "\u{FEFF}") ? 3 : 0
        var end = content.count
        if content.byte(at: end - 1) == UInt8(ascii: "\n") {
            end -= 1
            if content.byte(at: end - 1) == UInt8(ascii: "\r") { end -= 1 }
        }
        guard start < end, let text = content.part(start..<end) else { throw self.empty }
        let (isText, hasNUL) = unsafe text.withUnsafeBytes { unsafe (TextFile.validUTF8($0) == nil, $0.contains(0)) }
        guard isText else { throw TextFile.Failure(problem: "is not UTF-8", remedy: "save it as UTF-8") }
        guard !hasNUL else { throw TextFile.Failure(problem: "contains a NUL", remedy: "write the secret into it") }
        return text
    }

    private static let empty = TextFile.Failure(problem: "is empty", remedy: "write the secret into it")
}
