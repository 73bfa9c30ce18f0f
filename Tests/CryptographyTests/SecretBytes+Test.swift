@testable import Cryptography

extension SecretBytes {
    /// A copy of the octets, for comparing.
    var bytes: [UInt8] { self.withUnsafeBytes { Array($0) } }
}
