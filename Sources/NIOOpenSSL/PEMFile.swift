internal import Glibc

/// Reads the small files of certificates and keys, whole and within bounds.
enum PEMFile {
    /// A distribution's bundle of all authorities has a quarter of a mebibyte.
    static let limit = 4 << 20

    /// The octets of a file.
    ///
    /// It blocks on the file system: call it at start, or on a separate thread.
    static func read(_ path: String, _ part: TLSError.Part) throws(TLSError) -> [UInt8] {
        // A pipe without a writer must not block the start.
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw self.unreadable(errno, part) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw self.unreadable(errno, part) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            throw TLSError(
                part: part, problem: isFolder ? "is a folder" : "is not a regular file",
                remedy: isFolder ? "name the file in it" : "name a file")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { break }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw self.unreadable(errno, part)
            }
            bytes += chunk.prefix(count)
            guard bytes.count <= self.limit else {
                throw TLSError(
                    part: part, problem: "is larger than \(self.limit) octets", remedy: "name the right file")
            }
        }
        guard !bytes.isEmpty else { throw TLSError(part: part, problem: "is empty", remedy: "name the right file") }
        return bytes
    }

    /// The error for a file that does not hold what it should: what it holds instead, and what to do.
    static func wrongContent(_ bytes: [UInt8], wanted: String, _ part: TLSError.Part) -> TLSError {
        let text = String(decoding: bytes, as: UTF8.self)
        if text.contains("PRIVATE KEY-----") {
            return TLSError(part: part, problem: "holds a private key, but no \(wanted)", remedy: "name the right file")
        }
        if text.contains("CERTIFICATE-----") {
            return TLSError(part: part, problem: "holds a certificate, but no \(wanted)", remedy: "name the right file")
        }
        if bytes.first == 0x30 {
            return TLSError(
                part: part, problem: "is not in PEM format; it may be DER or PKCS #12",
                remedy: "convert it with openssl x509, pkey or pkcs12")
        }
        return TLSError(
            part: part, problem: "holds no \(wanted) in PEM format",
            remedy: "name a file with the line -----BEGIN \(wanted.uppercased())-----")
    }

    private static func unreadable(_ code: Int32, _ part: TLSError.Part) -> TLSError {
        let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        let remedy =
            switch code {
            case ENOENT, ENOTDIR: "correct the path, or create the file"
            case EACCES, EPERM: "let the sidecar's user read it"
            default: "see to it that it can be read"
            }
        return TLSError(part: part, problem: "can't be read (\(reason))", remedy: remedy)
    }
}
