/// Why TLS can't be set up: a fault in a file, or in the library. Holds no password and no content of a file.
package struct TLSError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The subject of the error.
    package enum Part: String, Sendable, Equatable {
        /// The certificates that are trusted.
        case authorities = "the file of authorities"
        /// Our own certificate.
        case certificate = "the certificate's file"
        /// The certificate's key.
        case key = "the key's file"
        /// The password of the encrypted key.
        case keyPassword = "the key's password"
        /// The name that the peer must prove.
        case name = "the server's name"
        /// OpenSSL itself.
        case library = "OpenSSL"
    }

    /// The subject of the error.
    package let part: Part
    /// What is wrong; follows the part's name: `holds no certificate`.
    package let problem: String
    /// What to do.
    package let remedy: String

    /// The whole sentence.
    package var description: String { "\(self.part.rawValue) \(self.problem); \(self.remedy)" }
}
