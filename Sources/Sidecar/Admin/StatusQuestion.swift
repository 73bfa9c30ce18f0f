import NIOCore
package import SidecarConfiguration
import WAMP

/// What `wamp-sidecar status` asks of a running sidecar, and prints.
package enum StatusQuestion: Sendable {
    /// Whether it is ready, and why not: what health checks ask.
    case ready
    /// How everything stands, for people.
    case text
    /// The same for programs.
    case document

    /// What is printed, and whether the sidecar is ready.
    package typealias Result = (text: String, isReady: Bool)

    /// Asks once.
    ///
    /// - Throws: what is wrong, in a user's words, if there is no answer.
    package func ask(_ settings: AdminSettings) async throws -> Result {
        let client = AdminClient(settings)
        switch self {
        case .ready:
            let answer = try await client.get("/ready", isGuarded: false)
            return (Self.line(answer.body), answer.status == 200)
        case .text, .document:
            let answer = try await client.get("/status", isGuarded: true)
            guard answer.status == 200 else {
                throw AdminClient.Failure(
                    description: "the admin port does not show the status: \(answer.status) \(Self.line(answer.body))")
            }
            let status = try JSON.value(of: answer.body)
            let text = self.isForPeople ? StatusText.lines(status).joined(separator: "\n") : Self.line(answer.body)
            return (text, StatusText.isReady(status))
        }
    }

    private var isForPeople: Bool {
        switch self {
        case .ready, .text: true
        case .document: false
        }
    }

    private static func line(_ body: ByteBuffer) -> String {
        let text = String(buffer: body)
        return text.utf8.last == UInt8(ascii: "\n") ? String(text.dropLast()) : text
    }
}
