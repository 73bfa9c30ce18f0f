internal import Glibc

/// Reads small text files, whole and within limits.
enum TextFile {
    /// Why a file can't be used.
    struct Failure: Error {
        /// The place in it; nil if the fault concerns the file as such.
        var location: Location?

        /// The fault, as the end of a sentence that begins with the file's name.
        let problem: String

        /// The remedy.
        let remedy: String
    }

    /// The octets of a file with UTF-8 text, without a byte order mark.
    ///
    /// - Parameter limit: The greatest size, in octets.
    static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        let descriptor = try Self.open(path)
        defer { close(descriptor) }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = try unsafe chunk.withUnsafeMutableBufferPointer { chunk throws(Failure) in
                try unsafe Self.read(descriptor, into: UnsafeMutableRawBufferPointer(chunk))
            }
            if count == 0 { break }
            text += chunk.prefix(count)
            guard text.count <= limit else { throw Self.tooLarge(limit) }
        }
        return try Self.checked(text)
    }

    /// A file's descriptor; the caller closes it.
    static func open(_ path: String) throws(Failure) -> Int32 {
        // Opening a pipe without a writer would wait forever.
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.unreadable(errno) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw Self.unreadable(code)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            throw Failure(
                problem: isFolder ? "is a folder" : "is a pipe or a device",
                remedy: isFolder ? "name the file in it" : "name a file")
        }
        return descriptor
    }

    /// The number of octets that were read; 0 at the file's end, or if there is no room.
    static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
        while true {
            let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno != EINTR { throw Self.unreadable(errno) }
        }
    }

    /// The failure of a file with more octets than the limit.
    static func tooLarge(_ limit: Int) -> Failure {
        Failure(problem: "is larger than \(limit) octets", remedy: "make it smaller")
    }

    /// The text without a byte order mark, if it is UTF-8.
    static func checked(_ text: [UInt8]) throws(Failure) -> [UInt8] {
        let text = text.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(text.dropFirst(3)) : text
        if let valid = self.validUTF8(text) {
            throw Failure(
                location: Location(endOf: text.prefix(valid)), problem: "the text from here on is not UTF-8",
                remedy: "save the file as UTF-8")
        }
        return text
    }

    /// The number of octets before the first that are not UTF-8; nil if all are.
    static func validUTF8(_ text: some Sequence<UInt8>) -> Int? {
        var parser = Unicode.UTF8.ForwardParser()
        var bytes = text.makeIterator()
        var valid = 0
        while true {
            switch parser.parseScalar(from: &bytes) {
            case .valid(let scalar): valid += scalar.count
            case .emptyInput: return nil
            case .error: return valid
            }
        }
    }

    /// A path relative to a folder: an absolute one is not changed.
    static func path(_ path: String, in folder: String) -> String {
        path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)"
    }

    /// The folder of a file, `.` if its path has none.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func unreadable(_ code: Int32) -> Failure {
        let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        let remedy =
            switch code {
            case ENOENT, ENOTDIR: "correct the path, or create the file"
            case EACCES, EPERM: "allow the sidecar's user to read it"
            default: "make it readable"
            }
        return Failure(problem: "can't be read (\(reason))", remedy: remedy)
    }
}

extension Location {
    /// The place right after a text of valid UTF-8.
    init(endOf text: some Sequence<UInt8>) {
        var line = 1
        var column = 1
        for byte in text {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.init(line: line, column: column)
    }
}
