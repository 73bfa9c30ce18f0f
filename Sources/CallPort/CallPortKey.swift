internal import Cryptography

/// What the port and the interface's own functions prove to one another that they know. It was made once, in the
/// database, which tells it to the sidecar that leads; it comes of no password, and is sent over no connection to the
/// port.
package struct CallPortKey: Sendable, Equatable {
    /// Of a nonce that is used once: what shows that each side knows the key.
    struct Proof: Equatable {
        /// What the asking side sends.
        let asked: String
        /// What the answering side sends back.
        let answered: String
    }

    /// A document's proof, as it comes.
    struct Claim: Equatable {
        let nonce: String
        let code: String
    }

    private let octets: [UInt8]
    private let digits: [UInt8]

    /// Takes the key as the database tells it: hexadecimal digits; nil if they are none.
    package init?(digits: String) {
        guard let octets = Hexadecimal.decode(digits), !octets.isEmpty else { return nil }
        self.octets = octets
        self.digits = Array(digits.utf8)
    }

    /// Whether a document holds the whole key, as only an administrator can send it.
    func isKey(_ text: String) -> Bool {
        ConstantTime.areEqual(Array(text.utf8), self.digits)
    }

    /// The answer's proof if what claims to come of the interface's functions does; nil if it does not.
    ///
    /// - Parameters:
    ///   - operation: what is asked for, as the document names it.
    ///   - backend: the process that asks.
    func answer(to claim: Claim, operation: String, backend: Int32) throws(CryptographyError) -> String? {
        let proof = try self.proof(of: operation, backend: backend, nonce: claim.nonce)
        return ConstantTime.areEqual(Array(claim.code.utf8), Array(proof.asked.utf8)) ? proof.answered : nil
    }

    /// Both halves of HMAC-SHA-256.
    func proof(of operation: String, backend: Int32, nonce: String) throws(CryptographyError) -> Proof {
        let code = try HMAC.sha256(Array("\(operation) \(backend) \(nonce)".utf8), key: self.octets)
        let half = code.count / 2
        return Proof(
            asked: Hexadecimal.encode(Array(code.prefix(half))),
            answered: Hexadecimal.encode(Array(code.dropFirst(half))))
    }
}
