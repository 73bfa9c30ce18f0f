/// Why a text is not a private key that can be used. Holds none of the text.
package enum PrivateKeyError: Error, Sendable, Hashable {
    /// It is in none of the known formats.
    case unknownFormat
    /// It looks like hexadecimal digits, but has the wrong number of them, or other characters between them.
    case digits(count: Int)
    /// It is the other half of a key pair.
    case publicKey
    /// It is a certificate.
    case certificate
    /// It is encrypted with a passphrase; how to remove that depends on the format.
    case encrypted(Format)
    /// It is a key for another algorithm.
    case otherAlgorithm(String)
    /// There is more than one key in it.
    case severalKeys
    /// It begins like the format, but does not continue like it.
    case damaged(Format)

    /// The file formats of keys.
    package enum Format: String, Sendable, Hashable {
        /// The format of `ssh-keygen`.
        case openSSH = "OpenSSH"
        /// The format of `openssl genpkey`.
        case pem = "PEM"
    }

    /// What is wrong; follows a name: `holds a public key`.
    package var problem: String {
        switch self {
        case .unknownFormat: "holds no private key"
        case .digits(let count): "holds \(count) characters where a private key has 64 hexadecimal digits"
        case .publicKey: "holds a public key"
        case .certificate: "holds a certificate"
        case .encrypted: "holds a private key that is encrypted with a passphrase"
        case .otherAlgorithm(let name): "holds a key for \(name), not for Ed25519"
        case .severalKeys: "holds more than one key"
        case .damaged(let format): "holds a private key in the format of \(format.rawValue) that is damaged"
        }
    }

    /// What to do.
    package var remedy: String {
        switch self {
        case .unknownFormat:
            "it has to be 64 hexadecimal digits, or what 'openssl genpkey -algorithm ed25519' or "
                + "'ssh-keygen -t ed25519' writes"
        case .digits(128): "the first 64 of 128 are the private key, if the others are the public one"
        case .digits: "write all of them, and nothing else"
        case .publicKey: "name the private key that belongs to it"
        case .certificate: "name a private key made by 'openssl genpkey -algorithm ed25519'"
        case .encrypted(.openSSH):
            "take the passphrase from a copy of it: ssh-keygen -p -N '' -f COPY, which only the sidecar may read"
        case .encrypted(.pem):
            "write it without: openssl pkey -in FILE -out COPY, which only the sidecar may read"
        case .otherAlgorithm: "make one with 'openssl genpkey -algorithm ed25519' or 'ssh-keygen -t ed25519'"
        case .severalKeys: "put the right one into a separate file"
        case .damaged: "copy it again, whole and with its first and last line"
        }
    }
}
