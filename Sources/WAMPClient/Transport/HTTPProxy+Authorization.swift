internal import Cryptography
import Names

extension HTTPProxy {
    /// The value of `Proxy-Authorization`, if a user name was given: Basic (RFC 7617).
    var authorization: String? {
        self.credentials.map { "Basic \(String(decoding: Base64.encode($0), as: UTF8.self))" }
    }
}
