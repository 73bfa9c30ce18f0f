internal import COpenSSL

/// The owner of one `X509`: one of our certificates, or a trusted one.
@safe final class Certificate {
    /// OpenSSL's certificate.
    let pointer: OpaquePointer

    private init(owning pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe X509_free(self.pointer)
    }

    /// The end of its validity.
    var end: CertificateTime { unsafe CertificateTime(X509_get0_notAfter(self.pointer)) }

    /// The SHA-256 of a certificate (an `X509`); nil if it can't be computed.
    static func hash(_ certificate: OpaquePointer) -> [UInt8]? {
        var hash = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard unsafe X509_digest(certificate, EVP_sha256(), &hash, &length) == 1 else { return nil }
        return Array(hash.prefix(Int(length)))
    }

    /// All certificates of a PEM file, in order; at least one.
    static func all(in path: String, _ part: TLSError.Part) throws(TLSError) -> [Certificate] {
        let bytes = try PEMFile.read(path, part)
        var certificates: [Certificate] = []
        let errors = unsafe bytes.withUnsafeBytes { bytes -> [OpenSSLError] in
            OpenSSLError.clear()
            guard let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return OpenSSLError.drain()
            }
            defer { unsafe BIO_free(bio) }
            // A block may be encrypted: nobody is asked for a password on the terminal.
            while let certificate = unsafe PEM_read_bio_X509(bio, nil, { _, _, _, _ in -1 }, nil) {
                unsafe certificates.append(Certificate(owning: certificate))
            }
            return OpenSSLError.drain()
        }
        if let error = errors.last, !error.isEndOfPEM {
            throw TLSError(
                part: part, problem: "has a damaged certificate, the one after \(certificates.count) (\(error.text))",
                remedy: "copy it again")
        }
        guard !certificates.isEmpty else {
            throw PEMFile.wrongContent(bytes, wanted: "certificate", part)
        }
        return certificates
    }
}
