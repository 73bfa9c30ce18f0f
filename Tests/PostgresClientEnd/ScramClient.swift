import Cryptography

/// SCRAM-SHA-256 as a client does it.
package struct ScramClient {
    package let password: String
    package let nonce = "rOprNGfwEbeRWgbNEkqO"
    package let header: String
    /// What the channel is bound by.
    package let binding: [UInt8]
    package let user = ""

    package init(password: String, header: String = "n,,", binding: [UInt8] = []) {
        self.password = password
        self.header = header
        self.binding = binding
    }

    package var firstBare: String { "n=\(self.user),r=\(self.nonce)" }
    package var first: [UInt8] { Array((self.header + self.firstBare).utf8) }

    /// The last message, and what the server has to prove.
    package func final(for challenge: [UInt8]) throws -> (message: [UInt8], signature: [UInt8]) {
        let text = String(decoding: challenge, as: UTF8.self)
        let attributes = text.split(separator: ",").map { String($0.dropFirst(2)) }
        let salted = try PBKDF2.sha256(
            password: SecretBytes(self.password), salt: Base64.decode(Array(attributes[1].utf8)) ?? [],
            iterations: Int(attributes[2]) ?? 0, byteCount: 32)
        let clientKey = try HMAC.sha256(Array("Client Key".utf8), key: salted)
        let binding = String(decoding: Base64.encode(Array(self.header.utf8) + self.binding), as: UTF8.self)
        let withoutProof = "c=\(binding),r=\(attributes[0])"
        let authMessage = Array("\(self.firstBare),\(text),\(withoutProof)".utf8)
        let signature = try HMAC.sha256(authMessage, key: SHA256.hash(clientKey))
        let proof = zip(clientKey, signature).map { $0 ^ $1 }
        let serverKey = try HMAC.sha256(Array("Server Key".utf8), key: salted)
        return (
            Array(withoutProof.utf8) + Array(",p=".utf8) + Base64.encode(proof),
            Array("v=".utf8) + Base64.encode(try HMAC.sha256(authMessage, key: serverKey))
        )
    }
}
