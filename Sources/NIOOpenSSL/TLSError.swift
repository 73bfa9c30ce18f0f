/// Why TLS can't be set up: something in a file, or the library. Holds no password and nothing out of a file.
package struct TLSError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What it is about.
    package enum Part: String, Sendable, Equatable {
        /// The certificates that are trusted.
        case authorities = "the file of authorities"
        /// Our own certificate.
        case certificate = "the certificate's file"
        /// Its key.
        case key = "the key's file"
        /// What the key is encrypted with.
        case keyPassword = "the key's password"
        /// The name that the peer has to prove.
        case name = "the server's name"
        /// OpenSSL itself.
        case library = "OpenSSL"
    }

    /// What it is about.
    package let part: Part
    /// What is wrong, to stand behind the part's name: `holds no certificate`.
    package let problem: String
    /// What to do.
    package let remedy: String

    /// The whole sentence.
    package var description: String { "\(self.part.rawValue) \(self.problem); \(self.remedy)" }
}
